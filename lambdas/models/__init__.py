"""TODO: what lambdas/models holds."""
