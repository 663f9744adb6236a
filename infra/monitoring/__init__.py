"""TODO: what infra/monitoring holds."""
