"""The mailers: one contract over all of them, then what is special to each."""
