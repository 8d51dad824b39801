"""Who reads, what they asked for, whether we may write, and their forms. Sends nothing, shows no paper."""
