"""A model behind an ARN: its service behind a port, its state, its lease, its price."""
