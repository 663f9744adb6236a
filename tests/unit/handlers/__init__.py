"""Tests of lambdas/handlers."""
