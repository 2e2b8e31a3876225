/no-quorum-policy/i <nvpair id="wt" name="stonith-watchdog-timeout" value="10s"/>
