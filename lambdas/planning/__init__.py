"""TODO: what lambdas/planning holds."""
