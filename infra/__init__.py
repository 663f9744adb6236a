"""The CDK side: what is deployed, and who may do what."""
