"""The broker: what is declared on it, how messages look, and how they are published, consumed and followed."""
