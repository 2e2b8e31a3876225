/pcmk_reboot_timeout/i <nvpair id="d" name="pcmk_delay_base" value="host1:0;host2:8s"/><nvpair id="e" name="delay" value="2"/>
