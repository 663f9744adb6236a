"""The states of the batch machine: each use case behind one Lambda."""
