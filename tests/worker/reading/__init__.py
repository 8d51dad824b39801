"""Tests of the pages that show papers, by real requests to the whole web process."""
