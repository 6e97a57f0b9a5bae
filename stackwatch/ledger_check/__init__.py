"""The ledger checker: whether everything that a simulated logger had acknowledged came to what it had to come to."""
