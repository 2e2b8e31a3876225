s/ffsplit/lms/
