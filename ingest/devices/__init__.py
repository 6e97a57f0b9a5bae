"""Who may publish as which logger: credentials of devices, and what brokers are told about them."""
