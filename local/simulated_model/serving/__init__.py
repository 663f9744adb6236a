"""The server of all simulated services."""
