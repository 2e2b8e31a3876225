s/version: 2/&\n\ttoken: 9000/
s/^nodelist {/&\n\tnode {\n\t\tring0_addr: 10.1.0.4\n\t\tname: host3\n\t\tnodeid: 3\n\t}/
