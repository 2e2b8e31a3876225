/<rsc_colocation/d
/<rsc_order/d
