"""From counts per second to a rate with its interval."""
