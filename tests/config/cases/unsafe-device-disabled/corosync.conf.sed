s/provider.*/&\n\tauto_tie_breaker: 1/
