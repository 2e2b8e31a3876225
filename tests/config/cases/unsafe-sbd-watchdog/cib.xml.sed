/no-quorum-policy/i <nvpair id="hw" name="have-watchdog" value="true"/>
