"""Tests of the readers' forms, by real requests to the whole web process."""
