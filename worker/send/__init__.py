"""The ledger: planning of waves, delivery, rates, and the mailers."""
