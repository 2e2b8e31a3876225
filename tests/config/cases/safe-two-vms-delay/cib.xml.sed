s|^ *</resources>|<primitive id="vm2" class="ocf" provider="vmtwin" type="vm"><instance_attributes id="vm2-a"><nvpair id="vm2-unit" name="unit" value="vm2"/></instance_attributes><meta_attributes id="vm2-m"><nvpair id="vm2-priority" name="priority" value="10"/></meta_attributes><operations><op id="vm2-stop" name="stop" interval="0s" timeout="120s"/></operations></primitive>&|
s|\(name="priority-fencing-delay" value="\)[^"]*|\14s|
s|<instance_attributes id="power-host1[^"]*">|&<nvpair id="delay1" name="pcmk_delay_base" value="2s"/>|
