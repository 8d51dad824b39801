"""Each source by itself, and all of them by one contract."""
