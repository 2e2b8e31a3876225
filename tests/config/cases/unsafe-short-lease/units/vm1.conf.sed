$a lease_ms = 16000
