"""TODO: what lambdas/cleanup holds."""
