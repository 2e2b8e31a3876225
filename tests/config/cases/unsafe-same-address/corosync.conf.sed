s/ring0_addr: 10.1.0.1$/ring0_addr: fd00:0::1/
s/ring0_addr: 10.1.0.2/ring0_addr: FD00::1/
s/ring1_addr: 10.2.0.1$/ring1_addr: 127.0.0.1/
