"""From the start of a run to its end: polling, and what an interrupt does."""
