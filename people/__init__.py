"""Who may do what: people, roles, counties, tokens, log-in."""
