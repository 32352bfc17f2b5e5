"""Extraction: consumes jobs, reads each document in a child process nobody trusts, stores its pages and its result."""
