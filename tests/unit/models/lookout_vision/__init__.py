"""Tests of Lookout for Vision."""
