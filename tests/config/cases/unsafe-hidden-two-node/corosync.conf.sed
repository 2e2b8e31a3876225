/^	device {/,/^	}/d
s/provider.*/&\n\texpected_votes: 1/
