"""TODO: what tests/unit/support holds."""
