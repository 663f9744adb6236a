"""The results of earlier runs, and the comparison of a new result with them."""
