"""TODO: what tests/unit/triggers holds."""
