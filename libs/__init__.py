"""What two or more services share: contracts, drivers, signing, the web shell. Knows nothing of any service."""

VERSION = "0.1.0"
"""The product's version; all services are released together."""
