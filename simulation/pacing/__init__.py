"""A batch at the shared pace, and the controllers of peers beside it, in virtual time."""
