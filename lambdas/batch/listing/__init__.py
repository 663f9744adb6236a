"""Lists the images of a batch: from a prefix of a bucket, or from a list of keys in S3."""
