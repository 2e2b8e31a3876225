/pcmk_\(reboot\|off\)_timeout/d
