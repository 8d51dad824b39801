"""Small programs that make what the repository carries; run by hand, from recorded data."""
