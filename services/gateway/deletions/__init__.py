"""Deletions: condemn at once, let storage destroy, answer with its receipt."""
