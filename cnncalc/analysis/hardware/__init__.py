"""The time and memory that a network needs on a device: bounds from datasheets, estimates from
measurements."""
