/pcmk_reboot_timeout/i <nvpair id="d" name="pcmk_delay_max" value="10s"/>
