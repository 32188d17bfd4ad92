"""One file per style of picture, discovered automatically."""
