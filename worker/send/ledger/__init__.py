"""The ledger: what was decided for whom, who holds it, and what became of it.

A row goes waiting -> claimed -> (accepted | refused | failed | unknown | stale | cancelled), or is written as skipped or
stale at once: `writing`, `claims`, `outcomes`; `lookups` only reads. Each is a bulk statement of its own short transaction (law 3).
"""
