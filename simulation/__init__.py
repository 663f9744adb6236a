"""Runs against simulated services in virtual time, for tests and benchmarks."""
