"""What the CDK context says about a deployment, read and checked once."""
