"""TODO: what tests/unit/capacity/rates holds."""
