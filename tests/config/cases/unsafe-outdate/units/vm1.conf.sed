$a outdate_timeout_ms = 30000
