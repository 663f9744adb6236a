"""TODO: what simulation holds."""
