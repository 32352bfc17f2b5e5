"""Files: how they are received, described, chosen for a turn, read and let go."""
