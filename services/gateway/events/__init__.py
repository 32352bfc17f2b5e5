"""What happened to files, as this replica hears it."""
