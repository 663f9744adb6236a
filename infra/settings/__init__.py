"""TODO: what infra/settings holds."""
