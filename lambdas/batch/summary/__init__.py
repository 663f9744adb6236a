"""The files and the output at the end of a batch."""
