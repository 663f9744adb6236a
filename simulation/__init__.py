"""Runs against simulated services in virtual time, which tests and benchmarks share."""
