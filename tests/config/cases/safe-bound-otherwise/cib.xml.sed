/<rsc_colocation/s/Promoted/Master/
/<rsc_order/s/first=/score="INFINITY" &/
/<rsc_\(colocation\|order\)/s/\(rsc\|then\)="vm1"/\1="grp"/
s|^ *<primitive id="vm1" .*|<group id="grp">&|
/<group id="grp">/,/<\/primitive>/s|</primitive>|&</group>|
