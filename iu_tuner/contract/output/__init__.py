"""The execution's output as typed values, and their conversion to JSON and back."""
