/<rsc_colocation/i <rsc_location id="ban" rsc="twin" node="host2" score="-INFINITY"/>
