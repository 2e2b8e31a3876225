s/id="vm1-mirror-demote" /&on-fail="ignore" /
