"""TODO: what tests/unit/runs holds."""
