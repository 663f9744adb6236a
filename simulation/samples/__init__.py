"""Sample runs, and the outputs and reports of them, for tests and documentation."""
