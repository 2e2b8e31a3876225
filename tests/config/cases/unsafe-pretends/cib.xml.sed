/id="power-host1"/s/fence_ipmilan/fence_dummy/
