s/provider.*/&\n\ttwo_node: 1/
