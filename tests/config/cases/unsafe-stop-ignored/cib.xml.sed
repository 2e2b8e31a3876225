s/id="vm1-stop" /&on-fail="ignore" /
