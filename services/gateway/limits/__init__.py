"""What a client may send: the published limits and the request rate."""
