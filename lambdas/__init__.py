"""All code that runs in Lambda: the core, the report, the edge, and a handler per state."""

__version__ = "0.1.0"
