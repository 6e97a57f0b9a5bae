"""Who asks, and what of the city that person may see: log-in, sessions, tokens, protection, and the narrowed view."""
