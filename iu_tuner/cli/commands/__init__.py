"""The client's commands: one module each, with one click command."""
