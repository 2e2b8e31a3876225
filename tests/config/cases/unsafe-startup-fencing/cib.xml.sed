/no-quorum-policy/i <nvpair id="sf" name="startup-fencing" value="false"/>
