"""An embedded AWS that records what was asked of it, and breaks where an execution's name says so."""
