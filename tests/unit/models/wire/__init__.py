"""Tests of what the model services share."""
