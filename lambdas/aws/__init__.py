"""TODO: what lambdas/aws holds."""
