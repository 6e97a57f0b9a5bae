"""The simulated city."""
