"""TODO: what iu_tuner/cli/terminal holds."""
