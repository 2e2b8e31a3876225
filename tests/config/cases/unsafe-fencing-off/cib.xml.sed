/stonith-enabled/s/true/false/
