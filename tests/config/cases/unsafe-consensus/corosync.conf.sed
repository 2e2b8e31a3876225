s/version: 2/&\n\tconsensus: 3500/
