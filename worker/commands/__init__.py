"""What operators type, a module a command; each parses, calls one function, and says what happened."""
