"""One way of counting per file, discovered automatically; each defines ``CONVENTION``."""
