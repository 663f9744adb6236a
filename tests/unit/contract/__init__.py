"""TODO: what tests/unit/contract holds."""
