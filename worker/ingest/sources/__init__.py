"""One adapter a file; they know nothing of each other."""
