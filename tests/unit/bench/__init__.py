"""TODO: what tests/unit/bench holds."""
