"""Who calls and what they may do: API keys, principals, the one authorisation function."""
