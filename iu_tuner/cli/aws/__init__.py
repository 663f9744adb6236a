"""The client's calls to AWS: sessions, the deployed stack, and errors as sentences."""
