"""The ledger, the waves, the hands."""
