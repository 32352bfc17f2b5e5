"""The object store: any server that speaks the S3 API, and the only place that knows how."""
