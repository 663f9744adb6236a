"""Tests of what the tests themselves are made of."""
