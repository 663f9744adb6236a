"""A model as the client shows it: its state now, and the evaluation of its training."""
