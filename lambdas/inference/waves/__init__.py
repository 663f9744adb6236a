"""Uploads that wait for their model: how many, what was done before, and the run that they start."""
