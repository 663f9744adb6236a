"""TODO: what tests/unit/models/rekognition holds."""
