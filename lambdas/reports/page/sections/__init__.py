"""TODO: what lambdas/reports/page/sections holds."""
