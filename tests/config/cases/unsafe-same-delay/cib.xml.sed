/priority-fencing-delay/d
s/.*name="ip".*/<nvpair id="x" name="pcmk_delay_base" value="5s"\/>/
