"""The execution's output: its values, typed, and the JSON that they are written as and read from."""
