"""TODO: what lambdas/triggers holds."""
