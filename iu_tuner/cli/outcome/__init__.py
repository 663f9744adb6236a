"""How a run ended: assertions, JUnit, what is printed and written, the exit code."""
