"""TODO: what lambdas/capacity/rates holds."""
