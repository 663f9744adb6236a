"""TODO: what lambdas/load holds."""
