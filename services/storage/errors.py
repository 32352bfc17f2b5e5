"""What can end a download after its first byte, when no status can be sent any more."""


class DownloadBroken(Exception):
    """The object store stopped before the last byte; the connection must be cut so that nobody takes it for the end."""
