"""Rates with their intervals, estimated from counts per second."""
