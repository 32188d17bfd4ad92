"""Find the text of a spec: a file, a built-in name, the one-line notation, or standard input."""

import os
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from cnncalc.core.errors import Mistakes, Source, SpecError, UsageError, Where, did_you_mean
from cnncalc.spec import advice, catalog, document, notation, text
from cnncalc.spec.text import Item, Key

MAX_BASES = 20
MAX_BYTES = 5_000_000
MERGED = ("parameters", "blocks")
OWN = ("name", "note", "variants", "published", "layout")
"""Keys that describe a base itself, so that a spec extending it does not inherit them."""
ANYWHERE = "--extends-anywhere"
"""The command-line option that lets a spec extend files outside its own folder."""


outside: ContextVar[bool] = ContextVar("outside", default=False)
"""The default for ``extends_anywhere`` if the caller of ``load`` does not set it."""


def load(
    target: str | os.PathLike[str] | Mapping[str, Any] | Item,
    *,
    extends_anywhere: bool | None = None,
) -> document.Spec:
    """The spec for a target: a file, or else a built-in with that name.

    ``-`` is standard input, text with a hyphenated shape is the notation, a mapping is a spec as
    plain data, and a tree is a text that has already been read. A spec extends only files in its
    own folder and below, unless ``extends_anywhere``.

    Raises Mistakes with every mistake in the text, and UsageError if there is nothing to read.
    """
    if not isinstance(target, str | os.PathLike | Mapping | Item):
        kind = type(target).__name__
        raise UsageError(f"a network must be a name, a path, the notation or a mapping, not {kind}")
    try:
        if isinstance(target, Item):
            root = target
        elif isinstance(target, Mapping):
            root = text.located(dict(target), Where(""))
        else:
            root = _read(os.fspath(target))
        free = outside.get() if extends_anywhere is None else extends_anywhere
        layouts: dict[str, Item] = {}
        tree = _extended(root, (), None if free else _folder(root), layouts)
        return document.parse(tree, layouts)
    except SpecError as error:
        raise Mistakes([error]) from None


def _read(target: str) -> Item:
    if target == "-":
        return _quotable(decoded(standard_input(), "<stdin>"), "<stdin>")
    if not _is_there(Path(target)) and notation.is_notation(target):
        return notation.read(target, Source.of(notation.SOURCE, target.strip()))
    file = _find(target, Path("."))
    return _quotable(read_text(file), str(file))


def _quotable(found: str, source: str) -> Item:
    """The tree of the user's own text, whose lines errors may show."""
    root: Item | None = None
    broken: SpecError | None = None
    try:
        root = _written(found, Source.of(source, found))
    except SpecError as error:
        broken = error
    known = root is not None and isinstance(root.value, dict) and set(root.value) & {*document.TOP}
    if not known and (sentence := advice.foreign_format(found)):
        raise SpecError(sentence, Where(source, 1))
    if root is None:
        raise broken or SpecError("cannot be read", Where(source))
    return root


def standard_input() -> bytes:
    """The text on standard input, up to the size limit; raises UsageError if it is closed."""
    if sys.stdin is None:
        raise UsageError("standard input is closed, so there is nothing to read")
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _spec_in(file: Path) -> Item:
    """The tree of a spec file."""
    return _written(read_text(file), str(file))


def _written(found: str, source: str) -> Item:
    """The tree of a spec's text, which may be in the notation."""
    if notation.is_notation(found):
        return notation.read(found, source)
    return text.read(found, source)


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except (OSError, ValueError):
        return False


def _find(target: str, beside: Path) -> Path:
    """The file with that path, or else the built-in with that name (``vgg16`` or
    ``vgg16.yaml``)."""
    if not target.strip():
        raise UsageError("no network given; name a file or a built-in (see cnncalc list)")
    file = beside / target
    if _is_there(file) and not (file.is_dir() and Path(target).name in catalog.names()):
        return file
    name = target.removesuffix(".yaml").removesuffix(".yml")
    if catalog.called(name):
        return catalog.path(name)
    there = (other for other in (f"{name}.yaml", f"{name}.yml") if _is_there(beside / other))
    if other := next(there, None):
        hint = f"; did you mean {other[:200]!r}?"
    else:
        # A name of three letters is near to many short ones: net is not unet.
        last = Path(name).name
        hint = did_you_mean(last, catalog.names()) if len(last) > 3 else ""
    if "/" in target or target != name:
        raise UsageError(f"no file {target[:200]!r}{hint}")
    raise UsageError(
        f"no file or built-in architecture {target[:200]!r}"
        f"{hint or '; run cnncalc list to see the built-ins'}"
    )


def read_text(file: Path) -> str:
    """The text of a file. Raises UsageError if there is no such file, SpecError if it is not
    text."""
    if file.is_dir():
        raise UsageError(f"{str(file)!r} is a folder, not a file")
    if file.is_fifo() or file.is_socket():
        raise UsageError(f"{str(file)!r} cannot be read as a file")
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {str(file)!r}: {error.strerror or error}") from None
    return decoded(data, str(file))


def decoded(data: bytes, source: str) -> str:
    """Decode bytes; raises SpecError if they are too many or not UTF-8."""
    if len(data) > MAX_BYTES:
        raise SpecError(f"is longer than {MAX_BYTES:,} bytes", Where(source))
    try:
        found = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SpecError("is not text in UTF-8", Where(source, line)) from None
    if "\0" in found:
        raise SpecError("is not text: it contains a null byte", Where(source))
    return found


def _folder(root: Item) -> Path:
    """The folder of a text; the current folder if it does not come from a file."""
    return Path(root.where.source).parent


def _extended(
    root: Item, seen: tuple[Path, ...], within: Path | None, layouts: dict[str, Item]
) -> Item:
    """The tree with its base merged in: parameters and blocks by name, everything else replaced.

    Every base is a built-in or, if ``within`` is given, inside that folder. What each text says
    about its layout is added to ``layouts``.
    """
    if isinstance(root.value, dict) and "layout" in root.value:
        layouts[root.where.source] = root.value[Key("layout")]
    if not isinstance(root.value, dict) or "extends" not in root.value:
        return root
    base = root.value[Key("extends")]
    if not isinstance(base.value, str):
        raise SpecError(f"'extends' must name a spec, not {document.describe(base)}", base.where)
    beside = _folder(root)
    if not _is_there(beside / base.value) and notation.is_notation(base.value):
        return Item(_merged(notation.read(base.value), root), root.where)
    try:
        file = _find(base.value, beside)
    except UsageError as error:
        raise SpecError(error.sentence, base.where) from None
    resolved = file.resolve()
    if resolved in seen or resolved == Path(root.where.source).resolve():
        raise SpecError(f"extends {base.value!r}, which eventually extends itself", base.where)
    if len(seen) >= MAX_BASES:
        raise SpecError(f"extends more than {MAX_BASES} specs in a row", base.where)
    _check_place(base, resolved, within)
    parent = _extended(_base(file, base), (*seen, resolved), within, layouts)
    return Item(_merged(parent, root), root.where)


def _check_place(base: Item, file: Path, within: Path | None) -> None:
    """Raise SpecError for a base that is not an ordinary file or lies outside the allowed
    folder."""
    built_in = file.parent == catalog.folder().resolve()
    if within is not None and not built_in and not file.is_relative_to(within.resolve()):
        raise SpecError(
            f"extends {base.value!r}, which is outside the spec's folder",
            base.where,
            f"allow it with {ANYWHERE}, or copy the file",
        )
    if file.is_dir():
        raise SpecError(f"extends {base.value!r}, which is a folder, not a file", base.where)
    if not file.is_file() or file.stat().st_size == 0:
        raise SpecError(
            f"extends {base.value!r}, which is empty or not an ordinary file", base.where
        )


def _base(file: Path, base: Item) -> Item:
    """The tree of a base. The error for a file that is not a spec never reveals its content."""
    try:
        parent = _spec_in(file)
    except UsageError as error:
        raise SpecError(error.sentence, base.where) from None
    except SpecError as error:
        line = f" (line {error.where.line})" if error.where.line else ""
        raise SpecError(
            f"extends {base.value!r}, which cannot be read as a spec{line}",
            base.where,
            "run cnncalc on that file to see why",
        ) from None
    if not isinstance(parent.value, dict):
        raise SpecError(f"extends {base.value!r}, which is not a spec", base.where)
    for key in parent.value:
        if key not in document.TOP:
            sentence = f"extends {base.value!r}, which has a key that is not a spec's"
            raise SpecError(f"{sentence} (line {key.where.line})", base.where)
    return parent


def _merged(parent: Item, child: Item) -> dict[Key, Item]:
    inherited = {key: item for key, item in parent.value.items() if key not in OWN}
    merged = {**inherited, **child.value}
    for key in map(Key, MERGED):
        above, below = inherited.get(key), child.value.get(key)
        if above and below and isinstance(above.value, dict) and isinstance(below.value, dict):
            merged[key] = Item({**above.value, **below.value}, below.where)
    return merged
