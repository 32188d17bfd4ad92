"""The JSON Schema of the spec language, for completion and validation in an editor.

It is generated from the layer kinds and refuses whatever it can without computing anything: JSON
Schema cannot look up names, work out expressions or infer shapes. It never refuses a spec that
cnncalc accepts, so the layers of a spec are checked by what the spec says about blocks:

- ``plain``: no blocks and no base. Every layer is a known kind with valid fields.
- ``named``: blocks, none of them named like a kind. Other names may be blocks.
- ``open``: the spec extends another, or names a block like a kind. Any name may be a block.
"""

import inspect
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from cnncalc import layers
from cnncalc.core.fields import any_case
from cnncalc.core.layer import Layer, fields_of, required_of
from cnncalc.core.shape import SHAPE_PATTERN
from cnncalc.spec import catalog, claims
from cnncalc.spec.document import (
    ACTIVATION,
    BACKBONE,
    BLOCK,
    BRANCHES,
    CONTROL,
    CUT,
    LONGEST_NAME,
    LONGEST_TITLE,
    MAX_PARTS,
    MAX_PROSE,
    MOVED,
    NODE,
    RESERVED,
    RESIDUAL,
    TOP,
)

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SEPARATOR = r"[\s_-]*"
"""What may separate the letters of a kind's name."""
NOT_IN_NAMES = r"\s\u0000-,./:-@\[-^`{-\u00a0\u2000-\u206f"
"""White space and punctuation other than ``_`` and ``-``."""
WORD = f"[_-]*[^{NOT_IN_NAMES}_-][^{NOT_IN_NAMES}]*"
"""A name; the name of a layer may be several, joined by dots."""
OWN_WORDS = RESERVED
"""The keys of a layer that name neither a kind nor a block."""
AFTER = "the activation after it, which becomes a layer of its own"
MODES = ("plain", "named", "open")


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


EXPRESSION, NAME, PATH, SIZE, SHAPE, INPUTS = map(
    _ref, ("expression", "name", "path", "size", "shape", "inputs")
)
NAMED: Schema = {"type": "string", "minLength": 1}
"""The name of another layer."""
FROM = {"description": NODE["from"], **_ref("from")}
NULL: Schema = {"type": "null"}
NOT_NULL: Schema = {"not": NULL}
TEXT: Schema = {
    "type": ["string", "number", "boolean"],
    "pattern": f"^[^{CONTROL[1:-1]}]*$",
    "maxLength": MAX_PROSE,
}
TITLE: Schema = {
    **TEXT,
    "pattern": rf"^[^{CONTROL[1:-1]}\n\u2028\u2029]*[\n\u2028\u2029]?$",
    "maxLength": LONGEST_TITLE,
}


def schema() -> Schema:
    """The schema of a whole spec."""
    return {
        "$schema": DIALECT,
        "title": "a cnncalc architecture",
        **_object(_described(_top(), TOP)),
        "anyOf": [{"required": ["input", "layers"]}, {"required": ["extends"]}],
        "if": {"not": {"required": ["extends"]}, "properties": {"blocks": {"maxProperties": 0}}},
        "then": _body("plain"),
        "else": {"if": _is_open(), "then": _body("open"), "else": _body("named")},
        "$defs": {
            **_words(),
            "kinds": _kinds(),
            **{name: part for mode in MODES for name, part in _layers_of(mode).items()},
            **{name: part for kind in layers.every() for name, part in _kind(kind).items()},
        },
    }


def _words() -> dict[str, Schema]:
    """Definitions that other parts of the schema refer to."""
    present = [keys for n in range(len(NODE) + 1) for keys in combinations(NODE, n)]
    spellings = "|".join([*map(_spelling, layers.every()), _foreign()])
    free = [kind for kind in layers.every() if not required_of(kind) and not kind.either]
    bare, alone = [kind.kind for kind in free], "|".join([*map(_spelling, free), _foreign()])
    return {
        "expression": {"type": "string", "pattern": r"^\$(\{[^}]*\}|[A-Za-z_]\w*)$"},
        "name": {
            "type": ["string", "integer", "boolean"],
            "pattern": f"^{WORD}$",
            "maxLength": LONGEST_NAME,
        },
        "path": {
            "type": ["string", "integer", "boolean"],
            "pattern": rf"^{WORD}(\.{WORD}){{0,{MAX_PARTS - 1}}}$",
            "maxLength": LONGEST_NAME,
        },
        "size": {"anyOf": [{"type": "integer", "minimum": 1}, EXPRESSION]},
        "shape": _any(
            {"type": "string", "pattern": SHAPE_PATTERN},
            SIZE,
            {"type": "array", "items": SIZE, "minItems": 1, "maxItems": 4},
        ),
        "inputs": _any(SHAPE, {**_names(SHAPE), "minProperties": 1}),
        "from": _any(
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        ),
        # One key that is not in NODE: the kind.
        "one_kind": {
            "not": {"propertyNames": {"enum": list(NODE)}},
            "anyOf": [{"required": list(keys), "maxProperties": len(keys) + 1} for keys in present],
        },
        "kind": {"pattern": f"^(?:{spellings})$"},
        "kind_alone": _any({"enum": bare}, {"pattern": f"^(?:{alone})$"}),
    }


FRAMEWORK = rf"(?:(?:{'|'.join(layers.FRAMEWORKS)})(?:\.[A-Za-z]+)*\.)?"
"""What may stand before the name of a kind: the framework, as in ``keras.layers.``"""


def _spelling(kind: type[Layer]) -> str:
    """A regular expression for every spelling of a kind that means what it means here."""
    plain = (layers.plain(word) for word in (kind.kind, *kind.aliases))
    words = "|".join(any_case(word, SEPARATOR) for word in plain)
    exact = "|".join(_theirs(name) for name in kind.foreign)
    other = f"(?!{FRAMEWORK}(?:{exact})$)" if exact else ""
    return rf"{other}{FRAMEWORK}(?:{words})(?:{SEPARATOR}[123][dD])?"


def _theirs(name: str) -> str:
    """A regular expression for a name of another framework, as it is spelled there."""
    return name.partition(".")[2].replace("*", "[123]")


def _foreign() -> str:
    """A regular expression for every spelling of all names of other frameworks."""
    names = [name for kind in layers.every() for name in kind.foreign]
    plain = [layers.plain(name.partition(".")[2]) for name in names]
    loose = [any_case(word, SEPARATOR).replace("*", "[123]") for word in plain]
    return f"{FRAMEWORK}(?:{'|'.join(loose)})"


def _any(*choices: Schema) -> Schema:
    return {"anyOf": list(choices)}


def _names(values: Schema) -> Schema:
    """A mapping from names to values of this schema."""
    return {"type": "object", "propertyNames": NAME, "additionalProperties": values}


def _described(properties: Mapping[str, Schema], docs: Mapping[str, str]) -> dict[str, Schema]:
    return {key: {"description": docs[key], **part} for key, part in properties.items()}


def _object(properties: Mapping[str, Schema]) -> Schema:
    """An object with these keys and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _top() -> Mapping[str, Schema]:
    """The keys of a spec. ``_body`` checks blocks and layers as well."""
    parameters = {**_names({}), "properties": {"index": False}}
    return {
        "name": _any(TITLE, NULL),
        "source": _any(TEXT, NULL),
        "note": _any(TEXT, NULL),
        "variants": _any(_names(TEXT), NULL),
        "extends": {"type": "string", "minLength": 1},
        "input": INPUTS,
        "layout": {"type": "string", "pattern": f"^({'|'.join(map(any_case, ('chw', 'hwc')))})$"},
        "parameters": _any(parameters, NULL),
        "blocks": _any({"type": "object"}, NULL),
        "layers": {"type": "array", "minItems": 1},
        "replace": _any({"type": "object"}, NULL),
        "outputs": _any(_one_or_more(NAMED), NULL),
        "published": _any({"type": "array", "items": _claim()}, NULL),
    }


def _is_open() -> Schema:
    named_like_a_kind = {"not": {"propertyNames": {"not": _ref("kind")}}}
    return _any({"required": ["extends"]}, {"properties": {"blocks": named_like_a_kind},
                                            "required": ["blocks"]})  # fmt: skip


def _body(mode: str) -> Schema:
    """The blocks and the layers of a spec in this mode."""
    parts = {
        "takes": _takes(),
        "reads": _any(_one_or_more(NAME), NULL),
        "gives": _any(_one_or_more(NAMED), NULL),
        "layers": _ref(f"{mode}_layers"),
    }
    block = {**_object(_described(parts, BLOCK)), "required": ["layers"]}
    blocks = _names(block) | {"properties": dict.fromkeys(OWN_WORDS, False)}
    entries = _ref(f"{mode}_layers")
    one = {"allOf": [_ref(f"{mode}_entry"), {"properties": dict.fromkeys(MOVED, False)}]}
    other = {"type": "object", "additionalProperties": _any(one, {**entries, "type": "array"})}
    return {"properties": {"blocks": _any(blocks, NULL), "layers": entries,
                           "replace": _any(other, NULL)}}  # fmt: skip


def _takes() -> Schema:
    """The parameters that a block takes, optionally with defaults."""
    name = {**NAME, "not": {"const": "index"}}
    defaults = {**_names({}), "properties": {"index": False}}
    one = _any(name, defaults)
    return _any(one, {"type": "array", "items": one, "uniqueItems": True}, NULL)


def _layers_of(mode: str) -> dict[str, Schema]:
    """A list of layers, a single layer, and a layer as a mapping, in this mode."""
    bare = {
        "plain": _ref("kind_alone"),
        "named": _any(_ref("kind_alone"), {**NAME, "not": _ref("kind")}),
        "open": _any(_ref("kind"), NAME),
    }[mode]
    layer = {"type": "string", "not": {"enum": list(OWN_WORDS)}, **bare}
    return {
        f"{mode}_layers": _any({"type": "array", "items": _ref(f"{mode}_entry")}, NULL),
        f"{mode}_entry": _any(layer, _ref(f"{mode}_layer")),
        f"{mode}_layer": _layer(mode, layer),
    }


def _layer(mode: str, bare: Schema) -> Schema:
    """A mapping with one kind or block, and the keys beside it."""
    entries = _ref(f"{mode}_layers")
    ways = {**_names(entries), "minProperties": 1, "properties": {"from": FROM}}
    beside: Mapping[str, Schema] = {
        "name": PATH,
        "from": _ref("from"),
        "repeat": _any({"type": "integer", "minimum": 0}, EXPRESSION),
        "when": _any({"type": "boolean"}, EXPRESSION),
        "weights": NAMED,
        "trainable": _any({"type": "boolean"}, EXPRESSION),
        # The layer that joins branches has no other keys.
        "join": _any(bare, {**_ref(f"{mode}_layer"), "maxProperties": 1}),
        "shortcut": entries,
    }
    own = {
        BRANCHES: _any({"type": "array", "items": entries, "minItems": 1}, ways),
        RESIDUAL: {"allOf": [entries, NOT_NULL]},
        BACKBONE: _any(
            {"type": "string", "minLength": 1},
            {
                **_object(
                    _described(
                        {
                            "network": {"type": "string", "minLength": 1},
                            "up_to": {"type": "string"},
                            "set": _names({}),
                            "from": FROM,
                        },
                        {**CUT, **NODE},
                    )
                ),
                "required": ["network"],
            },
        ),
    }
    words = {"enum": list(OWN_WORDS)} if mode == "plain" else NAME
    return {
        "type": "object",
        "properties": {**_described(beside, NODE), **own},
        "propertyNames": _any(words, _ref("kind")),
        "allOf": [_ref("one_kind"), *([_ref("kinds")] if mode != "open" else [])],
        "dependentRequired": {BRANCHES: ["join"], "join": [BRANCHES], "shortcut": [RESIDUAL]},
        "dependentSchemas": {
            "from": {"additionalProperties": {"not": {"type": "object", "required": ["from"]}}}
        },
    }


def _kinds() -> Schema:
    """The valid values for every spelling of every kind; names are listed for completion."""
    properties, spelled = {}, {}
    for kind in layers.every():
        value = _ref(f"{kind.kind}_value")
        properties.update(dict.fromkeys((kind.kind, *kind.aliases), value))
        spelled[f"^{_spelling(kind)}$"] = value
    return {"properties": properties, "patternProperties": spelled}


def _kind(kind: type[Layer]) -> dict[str, Schema]:
    """The fields of a kind, and everything that is valid after its name."""
    needed = set(required_of(kind))
    allowed = [_ref(kind.__name__), EXPRESSION]
    if not needed and not kind.either:
        allowed.append(NULL)
    if kind.main and needed <= {kind.main}:
        allowed.append(_with_expressions(fields_of(kind)[kind.main].schema, FROM))
    return {kind.__name__: _fields(kind), f"{kind.kind}_value": _any(*allowed)}


def _fields(kind: type[Layer]) -> Schema:
    """An object with a kind's fields, each under one of its names."""
    fields, needed = fields_of(kind), required_of(kind)
    names = {name: (name, *field.also) for name, field in fields.items()}
    properties: dict[str, Schema] = {"from": FROM}
    if kind.activated:
        properties[ACTIVATION] = {"description": AFTER, "type": ["string", "null"]}
    for name, field in fields.items():
        properties[name] = {"description": field.doc, **_with_expressions(field.schema)}
        same = {"description": field.doc, **_ref(f"{kind.__name__}/properties/{name}")}
        properties.update(dict.fromkeys(field.also, same))
    rules = [
        _times(words, name in needed)
        for name, words in names.items()
        if name in needed or len(words) > 1
    ]
    if kind.either:
        rules.append(_times([word for name in kind.either for word in names[name]], True))
    return {
        "description": inspect.getdoc(kind) or "",
        **_object(properties),
        **({"allOf": rules} if rules else {}),
    }


def _times(words: Sequence[str], needed: bool) -> Schema:
    """Exactly one of these keys, or at most one."""
    given: list[Schema] = [{"required": [word]} for word in words]
    return {"oneOf": given if needed else [*given, {"not": {"anyOf": given}}]}


def _with_expressions(fragment: Mapping[str, Any], beside: Schema | None = None) -> Schema:
    """The same, but any single value may be ``$x``, and a mapping may contain ``from``."""
    part = dict(fragment)
    if part.get("type") == "object":
        inner = {key: _with_expressions(value) for key, value in part["properties"].items()}
        part["properties"] = inner | ({"from": beside} if beside else {})
    elif part.get("type") == "array":
        part["items"] = _with_expressions(part["items"])
    elif "anyOf" in part:
        return _any(*(_with_expressions(one, beside) for one in part["anyOf"]))
    return _any(part, EXPRESSION)


def _claim() -> Schema:
    """One item of ``published``: a printed number, or a table of them."""
    cell: Schema = {"type": ["string", "number", "null"]}
    cells = {"type": "array", "items": cell}
    text = _any({"type": ["string", "number", "boolean"]}, NULL)
    habit = {"enum": list(claims.HABITS)}
    filled: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
    return {
        **_object(
            {
                "quantity": _one_or_more({"enum": list(claims.QUANTITIES)}),
                "value": {},
                "source": filled,
                "layer": text,
                "layers": _any({"type": "object"}, NULL),
                "than": {"enum": [*catalog.names(), None]},
                "set": _any({"type": "object"}, NULL),
                "input": _any(INPUTS, NULL),
                "habit": _any(habit, NULL, {"type": "array", "items": habit}),
                "erratum": _any(filled, NULL),
            }
        ),
        "required": ["quantity", "source"],
        "oneOf": [_given("value"), _given("layers")],
        "not": {"allOf": [_given("layer"), _given("layers")]},
        # One value for each quantity.
        "if": {"properties": {"quantity": {"type": "array"}}},
        "then": _values(_any(cells, NULL), cells),
        "else": _values(cell, cell),
    }


def _given(key: str) -> Schema:
    """A key with a non-empty value."""
    return {"required": [key], "properties": {key: NOT_NULL}}


def _values(value: Schema, row: Schema) -> Schema:
    return {"properties": {"value": value, "layers": {"additionalProperties": row}}}


def _one_or_more(item: Schema) -> Schema:
    return _any(item, {"type": "array", "items": item, "minItems": 1})
