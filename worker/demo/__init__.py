"""The bundled week and its readers."""
