"""Tests of comparing runs."""
