"""Object storage: a folder or an S3-compatible bucket, its cache, and what is known of its objects."""
