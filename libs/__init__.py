"""What two or more services share: contracts, drivers, signing, the web shell. Knows nothing of any service."""
