"""The HTTP shell every service wears: request ids, problem documents, health, start and stop."""
