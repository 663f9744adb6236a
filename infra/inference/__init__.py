"""Upload pipelines: images uploaded under a prefix get their results from a model that runs."""
