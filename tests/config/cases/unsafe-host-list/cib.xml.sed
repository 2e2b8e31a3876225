s/"host1 host2"/"host1"/
