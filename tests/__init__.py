"""Everything that checks Satchel."""
