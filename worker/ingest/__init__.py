"""From sources to the catalogue: adapters, what a paper is, when two records are one work."""
