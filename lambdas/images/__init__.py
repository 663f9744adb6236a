"""Images in S3: selects those to send to the model, and explains why others are left out."""
