"""Measurements beside the main one: images sent another way or of one size, and more inference units."""
