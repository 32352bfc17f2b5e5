"""Conversations and turns: what the model is told, what it answers, what is remembered and cited."""
