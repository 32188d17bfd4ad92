"""The files of a class: which ones are submissions, whose they are, and which are refused."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cnncalc.homework import sheets

LINK = "is a link; a submission must be a file of its own"
KEY = "is the key under another name"
ARCHIVE = ("__MACOSX", "__pycache__")
"""Folders that archivers and Python leave behind."""


class Submission(NamedTuple):
    """One file to grade. ``handle`` names the student's page and grades, and the student too unless
    the sheet does; ``problem`` says why the file must not be read."""

    file: Path
    handle: str
    problem: str = ""


class Found(NamedTuple):
    """The submissions, and the paths that are not even reported as one (hidden files)."""

    submissions: tuple[Submission, ...]
    skipped: tuple[Path, ...] = ()


class _File(NamedTuple):
    """A file below the argument ``root`` that it was found under."""

    path: Path
    root: Path
    problem: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Where it is: the absolute path, without the ending."""
        return Path(os.path.abspath(self.path)).with_suffix("").parts


def find(targets: Sequence[Path], key: Path | None = None) -> Found:
    """The submissions among files and folders, without the key.

    A link is refused: it could show one student another's answers, the key, or any file that the
    teacher can read.
    """
    files: dict[Path, _File] = {}
    skipped: list[Path] = []
    for file in _files(targets, skipped):
        if key is not None and file.path.absolute() == key.absolute():
            continue
        if key is not None and not file.problem and _same(file.path, key):
            files[file.path] = file._replace(problem=KEY)
        files.setdefault(file.path, file)
    handles = _handles([*files.values()])
    found = [
        Submission(file.path, handle, f"{str(file.path)!r} {file.problem}" if file.problem else "")
        for file, handle in zip(files.values(), handles, strict=True)
    ]
    return Found(tuple(found), tuple(skipped))


def _same(file: Path, key: Path) -> bool:
    try:
        return file.samefile(key)
    except OSError:
        return False


def _files(targets: Sequence[Path], skipped: list[Path]) -> Iterator[_File]:
    """The files that are named, and those in the folders that are named."""
    parents = [os.path.abspath(target.parent) for target in targets]
    shared = Path(os.path.commonpath(parents)) if parents else Path()
    for target in targets:
        if _is_linked(target, shared) and (len(targets) > 1 or not target.is_dir()):
            yield _File(target, target.parent, LINK)
        elif target.is_dir():
            yield from _inside(target, skipped)
        else:
            yield _File(target, target.parent)


def _is_linked(target: Path, root: Path) -> bool:
    """Whether the path crosses a link below the root."""
    path = Path(os.path.abspath(target))
    below = [one for one in (path, *path.parents) if one.is_relative_to(root) and one != root]
    return any(one.is_symlink() for one in below)


def _inside(root: Path, skipped: list[Path]) -> Iterator[_File]:
    """The files of a folder and of the folders in it, in alphabetical order."""
    left = [root]
    while left:
        folder = left.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as why:
            yield _File(folder, root, f"cannot be read: {why.strerror or why}")
            continue
        folders = []
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(".") or entry.name in ARCHIVE:
                skipped.append(path)
            elif entry.is_symlink():
                yield _File(path, root, LINK)
            elif entry.is_dir():
                folders.append(path)
            else:
                yield _File(path, root)
        left += reversed(folders)


Naming = Callable[[_File], str]


def _handles(files: Sequence[_File]) -> list[str]:
    """A name for every file that no other file has: the first of several ways that is unique."""
    deepest = max((len(file.parts) for file in files), default=0)
    ways: list[Naming] = [
        *([lambda file: file.parts[-2]] if _is_one_folder_each(files) else []),
        lambda file: file.parts[-1],
        lambda file: file.parts[-2],
        lambda file: "-".join(file.parts[-2:]),
        lambda file: f"{file.parts[-1]}-{file.path.suffix.lstrip('.')}",
        *(lambda file, depth=depth: "-".join(file.parts[-depth:]) for depth in range(3, deepest)),
    ]
    found: dict[_File, str] = {}
    taken: set[str] = set()
    left = list(files)
    for way in ways:
        names = {file: _safe(way(file)) for file in left}
        often = Counter(name.casefold() for name in names.values())
        for file, name in names.items():
            if often[name.casefold()] == 1 and name.casefold() not in taken:
                found[file] = name
                taken.add(name.casefold())
        left = [file for file in left if file not in found]
    number = 0
    for file in left:
        while (name := f"{_safe(file.parts[-1])}-{(number := number + 1)}").casefold() in taken:
            pass
        found[file] = name
    return [found[file] for file in files]


def _is_one_folder_each(files: Sequence[_File]) -> bool:
    """Whether every student has a folder: answer sheets are in folders of the one that is named,
    and no two of them in the same."""
    known = sheets.endings()
    readable = [file for file in files if file.path.suffix.lower() in known]
    often = Counter(file.path.parent for file in readable)
    apart = (often[file.path.parent] == 1 and file.path.parent != file.root for file in readable)
    return bool(readable) and all(apart)


def _safe(name: str) -> str:
    """A name that files and tables can carry."""
    return "".join(one if one.isprintable() else "_" for one in name) or "_"
