"""TODO: what tests/unit/capacity/verdicts holds."""
