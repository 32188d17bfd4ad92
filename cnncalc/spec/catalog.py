"""The built-in architectures: one YAML each in ``architectures/``, found by being there."""

from functools import cache
from pathlib import Path

from cnncalc.core.errors import UsageError, did_you_mean


@cache
def folder() -> Path:
    """Where they are: inside the installed package, else beside it in a checkout."""
    here = Path(__file__).parents[1]
    installed = here / "architectures"
    return installed if installed.is_dir() else here.parent / "architectures"


@cache
def names() -> tuple[str, ...]:
    """The names of all built-in architectures, in alphabetical order."""
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


def path(name: str) -> Path:
    """The file of a built-in architecture; raises UsageError with the nearest name."""
    found = folder() / f"{name}.yaml"
    if "/" in name or "\\" in name or not found.is_file():
        raise UsageError(f"no built-in architecture {name[:60]!r}{did_you_mean(name, names())}")
    return found
