"""One output format per file, discovered automatically; see ``cnncalc.render``."""
