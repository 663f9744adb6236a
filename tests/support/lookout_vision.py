"""A model of Lookout for Vision."""

ANOMALIES = "arn:aws:lookoutvision:us-east-1:123456789012:model/boards/3"
