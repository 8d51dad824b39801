"""How SMTP is spoken."""
