"""How a letter looks. What it says comes in as data."""
