"""TODO: what tests/unit/planning holds."""
