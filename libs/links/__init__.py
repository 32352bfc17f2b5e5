"""Download links: tokens that are signed, names that survive a header, types that cannot run in a browser."""
