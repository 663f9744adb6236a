"""TODO: what tests/unit/models holds."""
