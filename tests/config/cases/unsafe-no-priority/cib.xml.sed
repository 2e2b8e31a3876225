/vm1-priority/d
