"""Tests of the calls of AWS."""
