"""TODO: what tests/unit/reports holds."""
