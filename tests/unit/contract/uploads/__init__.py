"""The context key `inference`."""
