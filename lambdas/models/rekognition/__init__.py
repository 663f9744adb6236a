"""TODO: what lambdas/models/rekognition holds."""
