"""The results of earlier runs, and what a new result says beside them."""
