s/votes: 1/votes: 0/
