"""Tests of reports and messages."""
