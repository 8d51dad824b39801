"""Picking: trending, fit, selection, rankings and editions."""
