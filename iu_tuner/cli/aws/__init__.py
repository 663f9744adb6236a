"""TODO: what iu_tuner/cli/aws holds."""
