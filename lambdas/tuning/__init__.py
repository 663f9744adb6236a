"""The steps of the state machine that measures a model."""
