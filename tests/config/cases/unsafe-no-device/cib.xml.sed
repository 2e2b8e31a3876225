s/<instance_attributes id="twin-a">/<meta_attributes id="tm"><nvpair id="tr" name="target-role" value="Stopped"\/><\/meta_attributes>&/
