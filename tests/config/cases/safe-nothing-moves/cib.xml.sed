/no-quorum-policy/i <nvpair id="mm" name="maintenance-mode" value="true"/><nvpair id="sa" name="stop-all-resources" value="yes"/>
s|<node id="1" uname="host1"/>|<node id="1" uname="host1"><instance_attributes id="n1"><nvpair id="n1s" name="standby" value="on"/><nvpair id="n1m" name="maintenance" value="false"/></instance_attributes></node>|
s|<node id="2" uname="host2"/>|<node id="2" uname="host2"><instance_attributes id="n2"><nvpair id="n2m" name="maintenance" value="true"/><nvpair id="n2s" name="standby" value="off"/></instance_attributes></node>|
s|^ *</configuration>|<rsc_defaults><meta_attributes id="rd"><nvpair id="rd-t" name="target-role" value="Stopped"/><nvpair id="rd-m" name="is-managed" value="false"/></meta_attributes></rsc_defaults>&|
/<rsc_colocation/i <rsc_location id="cli-ban-vm1-on-host2" rsc="vm1" role="Started" node="host2" score="-INFINITY"/>
/<rsc_colocation/i <rsc_location id="away" rsc="vm1-mirror-clone" node="host1" score="-INFINITY"/>
