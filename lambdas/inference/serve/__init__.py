"""A run that starts a model for a wave of uploads, and stops it when they are analysed."""
