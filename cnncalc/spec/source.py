"""Finds the text of a spec: a file, a built-in name, the one-line notation, or standard input."""

import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from cnncalc.core.errors import (
    Mistakes,
    Source,
    SpecError,
    UsageError,
    Where,
    longer_names,
    near_file,
    near_names,
    unreadable,
)
from cnncalc.core.shape import Layout
from cnncalc.spec import advice, catalog, document, notation, text
from cnncalc.spec.entry import Spec, describe
from cnncalc.spec.files import decoded, described, is_there, read_text, standard_input
from cnncalc.spec.text import Item, Key

YAML = ("", ".yaml", ".yml")
"""The extensions of specs; any other file may be another tool's."""
MAX_BASES = 20
MERGED = ("parameters", "blocks", "replace")
SELF = {"extends": "extends", "backbone": "uses"}
BEYOND = {"extends": "extends", "backbone": "nests"}
OWN = ("name", "note", "variants", "published", "layout")
"""The keys that describe a spec itself; a spec that extends it does not inherit them."""
ANYWHERE = "--extends-anywhere"
"""The command-line option that lets a spec build on files outside its own folder."""


outside: ContextVar[bool] = ContextVar("outside", default=False)
"""The default for ``extends_anywhere`` if the caller of ``load`` does not set it."""


def load(
    target: str | os.PathLike[str] | Mapping[str, Any] | Item | Spec,
    *,
    extends_anywhere: bool | None = None,
    inputs: tuple[Any, Layout | None] = (None, None),
) -> Spec:
    """The spec for a target: a file, or else a built-in with that name.

    ``-`` is standard input, text such as ``28x28-32C5-10N`` is the notation, a mapping is a spec as
    plain data, a tree is YAML that has already been parsed, and a spec is returned as it is. A spec
    builds only on built-ins and on files in its own folder and below, unless ``extends_anywhere``.
    ``inputs`` are shapes for a model file, which may leave some open, and their layout.

    Mistakes in the text are listed in the spec's ``mistakes``. Raises Mistakes if these are too
    many or the text cannot be read at all, and UsageError for a target that is not found, cannot be
    opened or is of another type, and for invalid sizes in ``inputs``.
    """
    if isinstance(target, Spec):
        return target
    if not isinstance(target, str | os.PathLike | Mapping | Item):
        kind = type(target).__name__
        fact = f"a network must be a name, a path, the notation or a mapping, not {kind}"
        raise UsageError(fact, advice.live_model(target))
    try:
        if isinstance(target, Item):
            root = target
        elif isinstance(target, Mapping):
            root = text.located(dict(target), Where(""))
        else:
            root = _read(os.fspath(target), inputs)
        free = outside.get() if extends_anywhere is None else extends_anywhere
        within = None if free else _folder(root)
        return _Bases(within, (Path(root.where.source).resolve(),)).spec(root)
    except SpecError as error:
        raise Mistakes([error]) from None


def _read(target: str, inputs: tuple[Any, Layout | None]) -> Item:
    if target == "-":
        return _quotable(decoded(standard_input(), "<stdin>"), "<stdin>", inputs)
    if not is_there(Path(target)) and notation.is_notation(target):
        return notation.read(target, Source.of(notation.SOURCE, target.strip()))
    file = _find(target, Path("."))
    if not catalog.holds(str(file)) and (spec := _binary(file, inputs)):
        return text.located(spec, Where(str(file)))
    return _quotable(described(file), str(file), inputs)


def _binary(file: Path, inputs: tuple[Any, Layout | None]) -> dict[str, Any] | None:
    """The spec in a file that a binary reader recognizes; None for other files."""
    if not file.is_file():
        return None
    from cnncalc.spec import readers
    from cnncalc.spec.inputs import sizes_by_name

    try:
        with file.open("rb") as stream:
            reader = readers.file_reader_of(stream.read(readers.BEGINNING))
            ending = file.suffix.lower().removeprefix(".")
            if reader is None and (sentence := advice.binary_format(ending, readers.BINARY)):
                raise SpecError(sentence, Where(str(file)))
            if reader is None:
                return None
            return reader.read(stream, str(file), sizes_by_name(*inputs))
    except OSError as error:
        raise unreadable(file, error) from None


def _quotable(found: str, source: str, inputs: tuple[Any, Layout | None]) -> Item:
    """The tree of the user's own text, whose lines errors may show."""
    if Path(source).suffix.lower() not in (".yaml", ".yml"):
        from cnncalc.spec import readers
        from cnncalc.spec.inputs import sizes_by_name

        if reader := readers.reader_of(found):
            spec = reader.read(found, source, sizes_by_name(*inputs))
            return text.located(spec, Where(source))
    root: Item | None = None
    broken: SpecError | None = None
    try:
        root = _written(found, Source.of(source, found))
    except SpecError as error:
        broken = error
    known = root is not None and isinstance(root.value, dict) and set(root.value) & {*document.TOP}
    if not known and (sentence := advice.foreign_format(found, Path(source).suffix)):
        raise SpecError(sentence, Where(source, 1))
    if root is None:
        raise broken or SpecError("the file cannot be read as a spec", Where(source))
    return root


def _spec_in(file: Path) -> Item:
    """The tree of a spec file."""
    return _written(read_text(file), str(file))


def _written(found: str, source: str) -> Item:
    """The tree of a spec's text, which may be in the notation."""
    if notation.is_notation(found):
        return notation.read(found, source)
    theirs = document.THEIRS.get(Path(source).suffix.lower())
    return text.read(found, source, f"it needs {theirs}, or a spec" if theirs else text.NEEDED)


def _find(target: str, beside: Path) -> Path:
    """The file with that path, or else the built-in with that name (``vgg16`` or
    ``vgg16.yaml``)."""
    if not target.strip():
        raise UsageError("no network given; name a file or a built-in (see 'cnncalc list')")
    file = beside / target
    if is_there(file) and not (file.is_dir() and Path(target).name in catalog.names()):
        return file
    name = target.removesuffix(".yaml").removesuffix(".yml")
    if catalog.called(name):
        return catalog.path(name)
    there = (other for other in (f"{name}.yaml", f"{name}.yml") if is_there(beside / other))
    if other := next(there, None):
        hint = f"; did you mean {other[:200]!r}?"
    elif re.search(r"\.[A-Za-z]\w*$", target):
        hint = near_file(file) if beside == Path() else ""  # a spec must not reveal names of files
        if not hint and (built_in := catalog.called(Path(name).name)):
            hint = f"; did you mean {built_in!r}?"
    else:
        # A name of three letters is near many short ones: net does not mean unet.
        near = near_names if len(Path(name).name) > 3 else longer_names
        hint = near(Path(name).name, catalog.names())
    if code := re.fullmatch(r"(?:\./)?([\w/]+)\.py:([\w.]+)", target):
        module = f"{code[1].replace('/', '.')}:{code[2]}"
        raise UsageError(f"{target[:200]!r} names a file; name its module, as in {module[:200]}")
    if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", target):
        raise UsageError(
            f"{target[:200]!r} names the code of a model, which only a command may run, as in "
            "cnncalc summarize MODULE:FACTORY; in Python, use cnncalc.from_torch"
        )
    raise _no_network(target, name, hint)


def _no_network(target: str, name: str, hint: str) -> UsageError:
    """The error for a target that is neither a file nor a built-in network called ``name``."""
    if re.fullmatch(r"(torch\w*|timm)(\.\w+){2,}", target):
        hint = f"; for the code of a model, write {':'.join(target[:200].rsplit('.', 1))}"
    if "/" in target or target != name or re.search(r"\.[A-Za-z]\w*$", target):
        return UsageError(f"no file {target[:200]!r}{hint}")
    if re.fullmatch(r"\d+(x\d+)+", target, re.ASCII):
        fact = f"{target[:60]!r} is a shape without layers"
        return UsageError(fact, f"write them after it, as in {target[:60]}-32C3p1-10N")
    joined = re.sub(r"[\s,;-]+", "-", target.strip())
    if notation.is_notation(joined):
        hint = f"; the notation joins layers with '-', as in {joined[:200]}"
    elif not hint and "-" in target and notation.is_layers(target):
        hint = f"; the notation starts with the input shape, as in 1x28x28-{target[:200]}"
    hint = hint or "; run 'cnncalc list' to see the built-in networks"
    return UsageError(f"no file or built-in network {target[:200]!r}{hint}")


def is_foreign(spec: Spec) -> bool:
    """Whether a spec may come from the file of another tool."""
    source = spec.where.source
    return Path(source).suffix.lower() not in YAML


def _folder(root: Item) -> Path:
    """The folder of a spec; the current folder if it does not come from a file."""
    return Path(root.where.source).parent


class _Bases:
    """The specs that a spec is built on: the one that it extends, and its backbones.

    If ``within`` is given, each must be a built-in or inside that folder.
    """

    def __init__(
        self,
        within: Path | None,
        open: tuple[Path, ...],
        user: "_Bases | None" = None,
    ) -> None:
        self.within = within
        self.open = open  # this spec, and those whose backbone it is
        self.first: _Bases = self if user is None else user.first
        self.known: dict[Path, Spec] = {}
        self.values = 0
        self.layouts: dict[str, Item] = {}
        self.remarks: list[SpecError] = []

    def spec(self, root: Item) -> Spec:
        """The spec of a tree."""
        tree = self.extended(root, self.open)
        return document.parse(tree, self.layouts, self.backbone, self.remarks)

    def extended(self, root: Item, seen: tuple[Path, ...]) -> Item:
        """The tree with what it inherits from its base. Parameters, blocks and replacements are
        merged by name."""
        if isinstance(root.value, dict) and "layout" in root.value:
            self.layouts[root.where.source] = root.value[Key("layout")]
        if not isinstance(root.value, dict) or "extends" not in root.value:
            return root
        base = root.value[Key("extends")]
        parent, file = self.base("extends", base, seen)
        if file is not None:
            parent = self.extended(parent, (*seen, file))
        if seen == self.open and "layers" in root.value and "layers" in parent.value:
            where = next(key.where for key in root.value if key == "layers")
            fact = f"these layers replace all of {base.value!r}"
            start = f"start with 'backbone: {{network: {base.value}, up_to: LAYER}}'"
            help = f"to keep some, {start}, or replace single ones with 'replace'"
            self.remarks.append(SpecError(fact, where, help))
        return Item(_merged(parent, root), root.where)

    def backbone(self, named: Item) -> Spec:
        """The spec of a backbone."""
        tree, file = self.base("backbone", named, self.open)
        if file is None:
            return document.parse(tree)
        known = self.first.known
        if file not in known:
            if len(known) >= MAX_BASES:
                raise SpecError(f"the spec uses more than {MAX_BASES} backbones", named.where)
            known[file] = _Bases(self.within, (*self.open, file), self).spec(tree)
        return known[file]

    def base(self, key: str, named: Item, seen: tuple[Path, ...]) -> tuple[Item, Path | None]:
        """The tree of a base, and its file (None for the notation)."""
        if not isinstance(named.value, str):
            fact = f"{key!r} must name a spec, not {describe(named)}"
            raise SpecError(fact, named.where)
        beside, reference = _folder(named), repr(named.value)
        if not is_there(beside / named.value) and notation.is_notation(named.value):
            return notation.read(named.value), None
        try:
            file = _find(named.value, beside)
        except UsageError as error:
            raise SpecError(error.sentence, named.where) from None
        resolved = file.resolve()
        if resolved in seen:
            raise SpecError(f"{reference} eventually {SELF[key]} itself", named.where)
        if len(seen) > MAX_BASES:
            raise SpecError(f"this {BEYOND[key]} more than {MAX_BASES} specs in a row", named.where)
        _check_place(reference, named.where, resolved, self.within)
        found = _base(reference, named.where, file)
        self.first.values += text.size(found)
        if self.first.values > text.MAX_VALUES:
            fact = f"the specs that this one builds on have more than {text.MAX_VALUES:,} values"
            raise SpecError(fact, named.where)
        return found, resolved


def _check_place(reference: str, where: Where, file: Path, within: Path | None) -> None:
    """Raise SpecError for a base that is empty, not an ordinary file, or outside the allowed
    folder."""
    built_in = file.parent == catalog.folder().resolve()
    if within is not None and not built_in and not file.is_relative_to(within.resolve()):
        raise SpecError(
            f"{reference} is outside the spec's folder",
            where,
            f"allow it with {ANYWHERE}, or copy the file",
        )
    if file.is_dir():
        raise SpecError(f"{reference} is a folder, not a file", where)
    if not file.is_file() or file.stat().st_size == 0:
        raise SpecError(f"{reference} is empty or not an ordinary file", where)


def _base(reference: str, where: Where, file: Path) -> Item:
    """The tree of a base. The error for a file that is not a spec never reveals its content."""
    is_theirs = file.suffix.lower() not in YAML
    first = "write it as a spec first, with 'cnncalc import'" if is_theirs else ""
    try:
        parent = _spec_in(file)
    except UsageError as error:
        raise SpecError(error.sentence, where) from None
    except SpecError as error:
        line = f" (line {error.where.line})" if error.where.line else ""
        raise SpecError(
            f"{reference} cannot be read as a spec{line}",
            where,
            first or "run 'cnncalc summarize' on that file to see why",
        ) from None
    if not isinstance(parent.value, dict):
        raise SpecError(f"{reference} is not a spec", where, first)
    for key in parent.value:
        if key not in document.TOP:
            sentence = f"{reference} has a key that a spec does not have"
            raise SpecError(f"{sentence} (line {key.where.line})", where, first)
    return parent


def _merged(parent: Item, child: Item) -> dict[Key, Item]:
    own = {*OWN, "replace", "outputs"} if "layers" in child.value else {*OWN}
    inherited = {key: item for key, item in parent.value.items() if key not in own}
    merged = {**inherited, **child.value}
    for key in map(Key, MERGED):
        above, below = inherited.get(key), child.value.get(key)
        if above and below and isinstance(above.value, dict) and isinstance(below.value, dict):
            merged[key] = Item({**above.value, **below.value}, below.where)
    return merged
