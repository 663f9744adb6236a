"""Replacements for AWS on a laptop: the embedded AWS, the simulated model, and the demo."""
