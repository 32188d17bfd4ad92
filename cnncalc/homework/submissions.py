"""The submissions of a class: find their files, name each one, and refuse links."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cnncalc.core.errors import UsageError
from cnncalc.homework.written import printable


class Submission(NamedTuple):
    """A file, its unique name, and the problem if it is refused."""

    file: Path
    handle: str
    problem: str = ""


class Found(NamedTuple):
    """A file, the folder that was searched (its own if the file was named), and the problem if it
    is refused."""

    file: Path
    root: Path
    problem: str = ""


PACKED = "__"
"""The prefix of folders that archivers add, such as ``__MACOSX``."""


MAX_FILES = 10_000
"""The maximum number of files and folders to look through."""


UNNAMED = "unnamed"
"""The name of a file whose own name has no printable character."""


def find(targets: Iterable[Path], key: Path | None = None) -> list[Submission]:
    """The submissions in files and folders, each once, without the key.

    Links are refused: they could show a student another's answers, the key or any other file.
    Raises UsageError for a file or folder that does not exist, or for a folder with too many files.
    """
    targets = list(targets)
    found = {one.file: one for target in targets for one in _in(target)}
    kept = [one for one in found.values() if key is None or one.file != key]
    names = handles([(one.file, one.root) for one in kept])
    home = _home(targets)
    return [
        Submission(one.file, name, one.problem or refusal(one.file, home, key))
        for one, name in zip(kept, names, strict=True)
    ]


def _home(targets: Sequence[Path]) -> Path:
    """The folder below which no part of a path may be a link; a single folder that you name may
    itself be one."""
    paths = [target.parent for target in targets]
    if len(targets) == 1 and targets[0].is_dir():
        paths = [*targets]
    return Path(os.path.commonpath([os.path.abspath(path) for path in paths] or ["/"]))


def _in(target: Path) -> Iterator[Found]:
    """A file, or the files of a folder and its subfolders; hidden ones, and folders that archivers
    add, are left out."""
    if not target.is_dir():
        if not os.path.lexists(target):
            raise UsageError(f"no file or folder {str(target)[:200]!r}")
        yield Found(target, target.parent)
        return
    unread: list[OSError] = []
    for folder, inner, names in _walk(target, unread):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        links = [name for name in inner if Path(folder, name).is_symlink()]
        for name in (name for name in sorted(names) if not name.startswith(".")):
            yield Found(Path(folder, name), target)
        for name in links:
            why = "is a symbolic link to a folder; links to folders are not followed"
            yield Found(Path(folder, name), target, why)
        inner[:] = [name for name in inner if name not in links and not name.startswith(PACKED)]
    for error in unread:
        yield Found(Path(error.filename), target, f"cannot be read: {error.strerror}")


def _walk(target: Path, unread: list[OSError]) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and its subfolders, as ``os.walk`` gives them; raises UsageError if they hold too
    many files."""
    left = MAX_FILES
    for folder, inner, names in os.walk(target, onerror=unread.append):
        left -= len(inner) + len(names)
        if left < 0:
            fact = f"folder {str(target)[:200]!r} holds more than {MAX_FILES:,} files and folders"
            raise UsageError(fact, "name the folder of one class")
        yield folder, inner, names


def left_out(targets: Sequence[Path]) -> Iterator[Path]:
    """The folders that ``find`` skips because their names start with ``PACKED``."""
    for target in targets:
        for folder, inner, _ in _walk(target, []):
            yield from (Path(folder, name) for name in sorted(inner) if name.startswith(PACKED))
            inner[:] = [name for name in inner if not name.startswith((".", PACKED))]


def refusal(file: Path, home: Path, key: Path | None) -> str:
    """Why a file is refused: it cannot be read, or is a link or the key; empty if it is not
    refused."""
    try:
        real, folder = file.resolve(strict=True), home.resolve()
    except (OSError, RuntimeError) as why:
        return f"cannot be read: {getattr(why, 'strerror', None) or 'it links to itself'}"
    if key is not None and real.samefile(key):
        return "is the key itself"
    if not real.is_relative_to(folder):
        return "is a symbolic link to a file outside its folder"
    if real != folder / Path(os.path.abspath(file)).relative_to(home):
        return "is a symbolic link; submit the file itself"
    return ""


def handles(files: Sequence[tuple[Path, Path]]) -> list[str]:
    """A unique name for each pair of a file and the folder that was searched (its root), in order.

    It is the folder's name if each folder of a root contains a single file (``ada/hw1.yaml``), else
    the file's name without its extension. If that is not unique, it is the other of the two, then
    both, then the file's name with its extension, then both with a number.
    """
    alone = Counter(file.parent for file, _ in files)
    shared = {root for file, root in files if file.parent == root or alone[file.parent] > 1}
    wanted = [_names(file, by_folder=root not in shared) for file, root in files]
    found: dict[int, str] = {}
    for choice in range(4):
        left = [index for index in range(len(files)) if index not in found]
        counts = Counter(wanted[index][choice].casefold() for index in left)
        taken = {name.casefold() for name in found.values()}
        for index in left:
            name = wanted[index][choice]
            if counts[name.casefold()] == 1 and name.casefold() not in taken:
                found[index] = name
    taken = {name.casefold() for name in found.values()}
    numbers: Counter[str] = Counter()
    for index in range(len(files)):
        if index not in found:
            found[index] = _numbered(wanted[index][2], taken, numbers)
            taken.add(found[index].casefold())
    return [found[index] for index in range(len(files))]


def _names(file: Path, by_folder: bool) -> tuple[str, str, str, str]:
    """The possible names of a file, in order of preference."""
    stem = printable(file.stem) or UNNAMED
    folder = printable(file.absolute().parent.name) or UNNAMED
    first, second = (folder, stem) if by_folder else (stem, folder)
    ending = printable(file.suffix.lstrip("."))
    return first, second, f"{folder}-{stem}", f"{stem}-{ending}"


def _numbered(name: str, taken: set[str], numbers: Counter[str]) -> str:
    """A free name with the next number; ``numbers`` holds the last number of every name."""
    numbers[name] += 1
    while f"{name}-{numbers[name]}".casefold() in taken:
        numbers[name] += 1
    return f"{name}-{numbers[name]}"
