"""A batch: its input, its output, and the files that it leaves in the report bucket."""
