"""TODO: what tests/unit/past_runs holds."""
