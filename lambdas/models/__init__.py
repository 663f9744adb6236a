"""Models: the port to a model's service, and a model's status, lease, traffic and price."""
