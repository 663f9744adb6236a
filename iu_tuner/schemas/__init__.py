"""The JSON Schemas of the execution's input and output, which are published under docs/."""
