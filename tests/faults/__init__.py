"""Faults injected one by one, end to end: nothing is left running, and the bill is known."""
