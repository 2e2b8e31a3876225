s/model: net/&\n\t\tsync_timeout: 60000/
