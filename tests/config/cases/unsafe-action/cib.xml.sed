/pcmk_off_timeout/i <nvpair id="pa" name="pcmk_off_action" value="metadata"/>
