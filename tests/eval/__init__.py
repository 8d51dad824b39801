"""`./paperboy eval`: how well picking does, measured on real papers."""
