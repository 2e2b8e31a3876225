/no-quorum-policy/s/stop/ignore/
