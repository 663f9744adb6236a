"""The command-line client: the only part of the project that runs on its user's machine."""
