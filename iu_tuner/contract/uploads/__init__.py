"""The contract of the upload pipeline: the context key `inference`, and what tells that a result is current."""
