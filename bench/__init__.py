"""The benchmark: the project's own search against services of known capacity, in virtual time."""
