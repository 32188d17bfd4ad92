"""The built-in architectures: one YAML file each in ``architectures/``, discovered
automatically."""

import re
from functools import cache, lru_cache
from pathlib import Path

from cnncalc.core.errors import UsageError, near_names


@cache
def folder() -> Path:
    """The folder of the architectures: inside the installed package, or next to it in a
    checkout."""
    here = Path(__file__).parents[1]
    installed = here / "architectures"
    return installed if installed.is_dir() else here.parent / "architectures"


@cache
def names() -> tuple[str, ...]:
    """The names of all built-in architectures, in alphabetical order."""
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


@lru_cache(maxsize=100)
def holds(source: str) -> bool:
    """Whether a source is the full path of a file among the built-in architectures."""
    return Path(source).parent == folder()


def called(word: str) -> str | None:
    """The built-in that a word names, as in ``ResNet-50``; None if there is none. Case is ignored,
    and so are hyphens and underscores, except between digits."""
    return word if word in names() else {_bare(name): name for name in names()}.get(_bare(word))


def _bare(name: str) -> str:
    """The name in lower case, without hyphens and underscores. Between digits, both count as an
    underscore, because 1_6gf is not 16gf."""
    return re.sub(r"(?<!\d)_|_(?!\d)", "", name.lower().replace("-", "_"))


def path(name: str) -> Path:
    """The file of a built-in architecture. Raises UsageError for an unknown name."""
    found = called(name)
    if found is None:
        hint = near_names(name, names()) or "; run 'cnncalc list' to see the built-in networks"
        raise UsageError(f"no built-in network {name[:60]!r}{hint}")
    return folder() / f"{found}.yaml"
