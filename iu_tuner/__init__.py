"""TODO: what iu_tuner holds."""
