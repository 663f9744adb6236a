"""Sends a step of load and counts it."""
