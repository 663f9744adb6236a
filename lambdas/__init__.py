"""All code that runs in Lambda: the core, the report, the edge, and a handler per state."""
