"""The CDK app: the deployed resources and their permissions."""
