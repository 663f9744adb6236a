"""Uploads to results: messages and the gate."""
