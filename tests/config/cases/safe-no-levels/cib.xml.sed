/<fencing-topology>/,/<\/fencing-topology>/d
