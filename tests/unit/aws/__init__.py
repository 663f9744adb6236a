"""TODO: what tests/unit/aws holds."""
