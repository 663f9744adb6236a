"""TODO: what lambdas/reports/page/html holds."""
