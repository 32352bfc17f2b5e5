"""Serves download links, and is the only service that destroys anything."""
