"""What users rely on: the input, the output, errors, events and ARNs."""
