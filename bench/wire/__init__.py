"""How fast the load client sends, and the simulated model answers, on the wire."""
