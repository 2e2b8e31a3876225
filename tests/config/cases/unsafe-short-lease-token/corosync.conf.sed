s/version: 2/&\n\ttoken: 12000/
