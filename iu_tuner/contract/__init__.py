"""TODO: what iu_tuner/contract holds."""
