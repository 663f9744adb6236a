"""S3 as the client uses it: images and results are listed, read and uploaded."""
