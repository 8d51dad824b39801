"""The demo: its data and its readers."""
