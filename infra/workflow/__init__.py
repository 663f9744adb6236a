"""TODO: what infra/workflow holds."""
