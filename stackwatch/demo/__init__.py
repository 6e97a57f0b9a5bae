"""The whole system in one command: embedded brokers, the production processes, and a simulated city."""
