/id="power-host1-ip"/i <nvpair id="pa" name="pcmk_reboot_action" value="status"/>
