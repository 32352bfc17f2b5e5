"""Apps and their agents: declared in a file, kept in the database, listed to those who may talk to them."""
