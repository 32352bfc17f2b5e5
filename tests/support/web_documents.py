"""Builders of web pages, rich text, mail and books: small honest ones, and hostile ones."""


def html(body: str, head: str = "") -> bytes:
    """Make an HTML document."""
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()
