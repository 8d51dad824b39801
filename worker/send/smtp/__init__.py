"""How SMTP is spoken: replies and what they mean, one connection, the relay that a URL names. Knows no parcel."""
