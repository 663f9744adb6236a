"""TODO: what lambdas/reports holds."""
