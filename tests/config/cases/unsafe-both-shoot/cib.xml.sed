/priority-fencing-delay/d
