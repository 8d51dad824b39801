"""How SMTP is spoken: replies and what they mean, one connection, the relay that a URL names, and parcels handed over on a connection."""
