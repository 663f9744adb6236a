"""Images in S3: which of them are sent to the model, and why others can't be."""
