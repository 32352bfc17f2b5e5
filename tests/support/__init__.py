"""What tests stand on: servers, stacks and sample documents."""
