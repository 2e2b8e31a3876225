s/model: net/&\n\t\ttimeout: 40000/
