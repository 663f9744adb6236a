"""The client's output: console, live table, the answer as text."""
