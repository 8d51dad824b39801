"""Faults for real: processes killed at random, servers cut off, and the account afterwards. A seed a run: PAPERBOY_CHAOS_SEED."""
