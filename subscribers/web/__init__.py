"""The readers' forms: parse, call one function, show a template."""
