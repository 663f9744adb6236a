"""Tests of a run's state."""
