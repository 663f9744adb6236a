"""The settings of a deployment, read from the CDK context and checked once."""
