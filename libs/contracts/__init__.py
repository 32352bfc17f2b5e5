"""What the services agree on: the records they store and the messages they send."""
