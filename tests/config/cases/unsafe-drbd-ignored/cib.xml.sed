s/op id="vm1-drbd-\(stop\|demote\)[^ ]* /&on-fail="ignore" /
s/name="stop" interval="0s" timeout="100s"/name="stop" interval="0s" timeout="99s"/
s|^ *</resources>|<clone id="other-clone"><primitive id="other" class="ocf" provider="linbit" type="drbd"><instance_attributes id="oi"><nvpair id="oiu" name="drbd_resource" value="other"/></instance_attributes><operations><op id="os" name="stop" interval="0s" timeout="5s" on-fail="ignore"/></operations></primitive></clone>&|
