"""TODO: what tests/unit/tuning holds."""
