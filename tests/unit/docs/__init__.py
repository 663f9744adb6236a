"""TODO: what tests/unit/docs holds."""
