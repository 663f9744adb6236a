"""TODO: what tests/unit/experiments holds."""
