"""The client's calls of AWS: clients, the deployed stack, and errors in sentences."""
