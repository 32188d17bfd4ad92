"""The fields of a layer: from the value in a spec to a frozen dataclass, or to the mistakes in
it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, cast, dataclass_transform

from cnncalc.core.errors import MAX_MISTAKES, LayerError, did_you_mean
from cnncalc.core.fields import REQUIRED, Field, as_written, shown

Wrong = list[tuple[str | None, str]]
INFERRED = ("in_channels", "in_features", "num_features", "num_channels", "normalized_shape",
            "input_shape", "input_dim")  # fmt: skip
"""Arguments of other frameworks that cnncalc infers."""
GIVEN = r"\w+\s*=[^=,]+"
"""A field as an argument of a call: ``stride=2``."""
NOT_COUNTED = (
    ".*_(initializer|regularizer|constraint|filler)|engine|force_nd_im2col|cudnn_.*|device"
)
"""Arguments of other frameworks that affect neither shapes nor counts."""
ACTIVATION = ("activation", "activation_fn", "act", "nonlinearity")
"""Arguments of other frameworks for layers that are separate here."""
AXIS = ("axis", "axes", "dim", "dims")
"""Arguments of other frameworks that number an axis."""
THEIRS = (
    (f"({'|'.join(INFERRED)}): .*", "remove it: cnncalc infers it from the input"),
    (f"({NOT_COUNTED}): .*", "remove it: it changes neither shapes nor counts"),
    ("padding_mode: zeros", "remove it: it changes neither shapes nor counts"),
    (
        "padding_mode: (reflect|replicate|circular)",
        "instead of padding here, put a pad layer with mode {0} before it",
    ),
    (
        "split_size_or_sections: .*",
        "list the sizes as 'parts'; in torch.split, a number is the size of each part",
    ),
    ("data_format: .*", "remove it, and state the 'layout' of the spec if channels come last"),
    ("pool: (MAX|0)", "write max_pool without it, and ceil_mode: true for Caffe's sizes"),
    ("pool: (AVE|1)", "write avg_pool without it, and ceil_mode: true for Caffe's sizes"),
    ("global_pooling: true", "write global_max_pool or global_avg_pool"),
    (r"max_value: 6(\.0)?", "write relu6 for a ReLU capped at 6"),
    (r"negative_slope: 0(\.0)?", "remove it"),
    ("negative_slope: .*", "write leaky_relu for a slope"),
)
"""Patterns of arguments of other frameworks with their values, and what to write instead. ``{0}``
stands for the first group."""


class Foreign(NamedTuple):
    """The meaning of another framework's name: ``fields`` whose defaults differ there, and the
    ``names`` that fields have there. ``says`` describes it where frameworks disagree, and
    ``refuses`` says what to write instead of a name that no fields can express."""

    fields: Mapping[str, Any] = {}
    names: Mapping[str, str] = {}
    says: str = ""
    refuses: str = ""


OURS = Foreign()
"""For a name with the same meaning everywhere."""


class FieldErrors(LayerError):
    """Mistakes in the fields of one layer, each with the field as written, or None if it concerns
    no single field."""

    def __init__(self, wrong: Sequence[tuple[str | None, str]]) -> None:
        super().__init__("; ".join(text for _, text in wrong))
        self.wrong = tuple(wrong)


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Fields:
    """The fields of a layer kind, each declared by ``core.fields``."""

    kind: ClassVar[str]
    """The canonical name, which is that of the file."""
    foreign: ClassVar[Mapping[str, Foreign]] = {}
    """Names of other frameworks that do not mean what ours do, such as ``keras.Dense``. A
    ``*`` stands for 1, 2 or 3, as in ``keras.MaxPooling*D``."""
    main: ClassVar[str | None] = None
    """The field that needs no name, as in ``linear: 120``."""
    either: ClassVar[tuple[str, ...]] = ()
    """Fields of which exactly one must be given."""

    def __init__(self, **values: Any) -> None:
        usual = _defaults_of(type(self))
        fields = {**usual, **values}
        if len(fields) > len(usual) or any(value is REQUIRED for value in fields.values()):
            raise TypeError(f"{self.kind} has the fields {[*usual]}, not {[*values]}")
        vars(self).update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    @property
    def given(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        fields = (
            (one.name, getattr(self, one.name), one.default) for one in declared_in(type(self))
        )
        return {name: value for name, value, usual in fields if value != usual}

    def text(self) -> str:
        """The fields of ``given`` as text: ``out_channels 64, kernel_size 3``."""
        return ", ".join(f"{name} {as_written(value)}" for name, value in self.given.items())

    @classmethod
    def parse(cls, given: Any, foreign: Foreign = OURS) -> Self:
        """The layer that a value in a spec describes: a mapping of fields, the value of the main
        field alone, or None. Raises FieldErrors with mistakes that do not follow from others, or
        a plain LayerError for a value that cannot be the layer's fields, and for a name that is
        refused."""
        if foreign.refuses:
            raise LayerError(foreign.refuses)
        values, wrong = _checked(
            cls, _by_field(cls, given), foreign.names if isinstance(given, Mapping) else {}
        )
        if wrong and isinstance(given, list) and len(required_of(cls)) > 1:
            named = ", ".join(f"{name}: ..." for name in required_of(cls))
            raise LayerError(f"takes its fields by name, as in {{{named}}}, not {shown(given)}")
        values = {**foreign.fields, **values}
        # A misspelt field is probably the missing one, so report only the misspelling.
        if not any(text.startswith("has no field") for _, text in wrong):
            wrong += [(None, text) for text in _missing(cls, values)]
        if wrong:
            raise FieldErrors(wrong)
        return cls(**values)


F = TypeVar("F", bound=Callable[..., Any])


def _cached(function: F) -> F:
    """``functools.cache`` for functions of classes, which mypy does not accept as hashable."""
    return cast(F, cache(function))


def _by_field(kind: type[Fields], given: Any) -> Mapping[str, Any]:
    """The value of a layer as a mapping of its fields."""
    known = fields_of(kind)
    if given is None:
        return {}
    if isinstance(given, Mapping):
        parts = known[kind.main].parts if kind.main else frozenset()
        # ``pad: {top: 1}`` gives the parts of the main field's value.
        of_main = not parts.isdisjoint(given) and _names_of(kind).keys().isdisjoint(given)
        return {str(kind.main): given} if of_main else given
    if kind.main is None:
        if not known:
            raise LayerError(f"has no fields; remove {shown(given)}")
        raise LayerError(
            f"takes no value by itself; remove {shown(given)}, or name a field: {', '.join(known)}"
        )
    if isinstance(given, str) and re.fullmatch(rf"{GIVEN}(,\s*{GIVEN})*", given):
        fields = re.sub(r"\s*=\s*", ": ", given)
        raise LayerError(f"takes its fields in braces; write {{{fields[:80]}}}")
    return {kind.main: given}


def _missing(kind: type[Fields], values: Mapping[str, Any]) -> Iterator[str]:
    for name in required_of(kind):
        if name not in values:
            yield f"needs {name!r} ({fields_of(kind)[name].doc})"
    given = [name for name in kind.either if name in values]
    if kind.either and len(given) != 1:
        *most, last = map(repr, kind.either)
        has = f", but has {' and '.join(map(repr, given))}; keep one" if given else ""
        yield f"needs exactly one of {', '.join(most)} and {last}{has}"


def _checked(
    kind: type[Fields], given: Mapping[str, Any], foreign: Mapping[str, str]
) -> tuple[dict[str, Any], Wrong]:
    """The checked values by canonical field name, and what is wrong, up to ``MAX_MISTAKES``. A
    field that has a foreign name is known only by that name."""
    values: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    wrong: Wrong = []
    known, names = fields_of(kind), _names_of(kind)
    if foreign:
        theirs = set(foreign.values())
        names = {word: name for word, name in names.items() if name not in theirs} | dict(foreign)
    for written, value in given.items():
        if len(wrong) >= MAX_MISTAKES:
            break
        name = names.get(written)
        if name is None:
            wrong.append((written, f"has no field {written!r}{_hint(kind, names, written, value)}"))
        elif name in values:
            both = f"{spelled[name]!r} and {written!r}"
            wrong.append((written, f"has both {both}, two names for the same field; keep one"))
        else:
            values[name], spelled[name] = None, written
            try:
                values[name] = known[name].check(value)
            except LayerError as why:
                wrong.append((written, f"{written!r} {why}"))
    return values, wrong


def _hint(kind: type[Fields], names: Mapping[str, str], written: str, value: Any) -> str:
    """A hint on how to fix an unknown field."""
    if written in ACTIVATION:
        if value in (None, "linear", "identity", "none"):
            return "; remove it: activations are separate layers"
        word = value if isinstance(value, str) and value.isidentifier() else "the activation"
        return f"; add {word} after it, as a separate layer"
    for theirs, foreign in kind.foreign.items():
        if written in foreign.names:
            return f"; it is a field of {theirs.replace('*', '2')}"
    if kind.main and written in fields_of(kind)[kind.main].parts:
        return f"; write it as in {kind.main}: {{{written}: {shown(value)}}}"
    if advice := _of_theirs(f"{written}: {shown(value)}".replace("'", "")):
        return f"; {advice}"
    if written in AXIS:
        return _axis(kind)
    if glued := re.fullmatch(r"(\w+):(\S+)", str(written)):
        return f"; put a space after the colon, as in {glued[1]}: {glued[2]}"
    if glued := re.fullmatch(r"(\w+) ?= ?(\S+)", str(written)):
        return f"; write a colon and a space, as in {glued[1]}: {glued[2]}"
    return did_you_mean(str(written), names) or has_only(fields_of(kind))


def _of_theirs(argument: str) -> str:
    """Advice on an argument of another framework; empty for any other text."""
    for pattern, advice in THEIRS:
        if match := re.fullmatch(pattern, argument, re.DOTALL):
            return advice.format(*match.groups())
    return ""


def _axis(kind: type[Fields]) -> str:
    """How to write an axis that another framework numbers."""
    schemas = ((name, one.schema) for name, one in fields_of(kind).items())
    either = ((name, one) for name, schema in schemas for one in schema.get("anyOf", (schema,)))
    field = next((name for name, one in either if "last" in one.get("enum", ())), None)
    if field is None:
        return has_only(fields_of(kind))
    return f"; name the axis with {field!r}, as in {field}: channels"


@_cached
def fields_of(kind: type[Fields]) -> Mapping[str, Field]:
    """The fields of a kind by canonical name, in order."""
    return {one.name: one.metadata["cnncalc"] for one in declared_in(kind)}


@_cached
def _names_of(kind: type[Fields]) -> Mapping[str, str]:
    """The canonical field name for every name of a field."""
    fields = fields_of(kind).items()
    return {also: name for name, field in fields for also in (name, *field.also)}


@_cached
def _defaults_of(kind: type[Fields]) -> Mapping[str, Any]:
    """The default of every field, in order; REQUIRED for one that has none."""
    return {one.name: one.default for one in dataclasses.fields(cast(Any, kind))}


@_cached
def required_of(kind: type[Fields]) -> tuple[str, ...]:
    """The names of the required fields."""
    return tuple(one.name for one in declared_in(kind) if one.default is REQUIRED)


def declared_in(kind: type[Fields]) -> tuple[dataclasses.Field[Any], ...]:
    """The dataclass fields of a kind, the main field first."""
    fields = dataclasses.fields(cast(Any, kind))
    return tuple(sorted(fields, key=lambda one: one.name != kind.main))


def has_only(known: Mapping[str, Field]) -> str:
    """The hint for an unknown field that resembles no known one."""
    return f"; it has {', '.join(known)}" if known else "; it has no fields"
