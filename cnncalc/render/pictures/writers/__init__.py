"""One file per kind of picture file, discovered automatically."""
