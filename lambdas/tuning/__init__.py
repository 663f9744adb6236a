"""The states of the state machine that measures a model: one file for the work of each."""
