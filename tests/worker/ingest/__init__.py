"""Tests of ingest: from sources to the catalogue."""
