"""TODO: what lambdas/tuning holds."""
