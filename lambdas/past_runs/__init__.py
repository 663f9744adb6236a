"""TODO: what lambdas/past_runs holds."""
