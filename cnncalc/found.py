"""Finding what is kept one to a file: kinds, formats, commands are found by being there."""

import pkgutil
from collections.abc import Iterable


def modules(path: Iterable[str]) -> tuple[str, ...]:
    """The modules of a package, in alphabetical order; a leading underscore hides one."""
    found = (module.name for module in pkgutil.iter_modules(path))
    return tuple(sorted(name for name in found if not name.startswith("_")))
