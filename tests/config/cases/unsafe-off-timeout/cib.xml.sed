/pcmk_off_timeout/s/43s/42s/
