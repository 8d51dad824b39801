"""Everything that runs, in the order of the data."""
