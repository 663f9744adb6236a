"""What the client shows: standard streams, a live table, the answer in text."""
