/<rsc_colocation/s/Promoted/Started/
/<rsc_order/s/"promote"/"start"/
