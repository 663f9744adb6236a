"""TODO: what lambdas/images holds."""
