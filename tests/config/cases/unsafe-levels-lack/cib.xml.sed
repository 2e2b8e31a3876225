/id="l2"/s/twin/twni/
