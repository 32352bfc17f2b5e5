"""MongoDB: the driver's one import besides the stores."""
