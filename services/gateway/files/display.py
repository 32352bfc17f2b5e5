"""Numbers as people read them."""

_STEP = 1024


def size_display(size_bytes: int) -> str:
    """Write a size as the seed does: ``2621440`` is ``2.50 MB``, units being powers of 1024."""
    if size_bytes < _STEP:
        return f"{size_bytes} B"
    size = float(size_bytes)
    for unit in ("KB", "MB", "GB"):
        size /= _STEP
        if round(size, 2) < _STEP:
            return f"{size:.2f} {unit}"
    return f"{size / _STEP:.2f} TB"
