"""TODO: what lambdas/capacity/verdicts holds."""
