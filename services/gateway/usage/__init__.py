"""What a key has used of its quota."""
