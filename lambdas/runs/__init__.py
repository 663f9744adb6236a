"""A run: its plan, its progress, its budget, its receipt, and their store."""
