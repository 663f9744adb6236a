"""TODO: what lambdas/experiments holds."""
