s/host2/host9/
