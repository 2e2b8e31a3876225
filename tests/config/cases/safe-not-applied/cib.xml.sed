/<clone/,/<\/clone>/d
/<primitive id="vm1"/,/<\/primitive>/d
/<rsc_colocation/d
/<rsc_order/d
