"""Compares models on one truth: matches boxes, counts, says how sure the numbers are, and why they differ."""
