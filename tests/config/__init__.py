"""Mirrors `config`."""
