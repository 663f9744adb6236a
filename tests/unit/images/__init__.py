"""Tests of choosing images."""
