/<rsc_colocation/s/INFINITY/1000/
/<rsc_order/s/first=/kind="Optional" &/
