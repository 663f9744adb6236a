"""Tests of the README, of the pages under docs and of what they point to."""
