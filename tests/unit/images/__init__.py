"""TODO: what tests/unit/images holds."""
