"""TODO: what lambdas/runs holds."""
