"""A scripted SMTP server that misbehaves on purpose and remembers everything; also a process of its own: `python -m tests.relay`."""
