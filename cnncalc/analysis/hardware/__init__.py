"""What a network needs on a device: bounds from datasheets, estimates from measurements."""
