"""The JSON Schema of the spec language, for completion and validation in an editor.

It is generated from the layer kinds and refuses whatever it can without computing anything: JSON
Schema cannot look up names, evaluate expressions or infer shapes. It must not refuse a spec that
cnncalc accepts, so how strictly it checks layers depends on the spec:

- ``plain``: no blocks and no ``extends``. Every layer is a known kind with valid fields.
- ``named``: blocks, none of them named like a kind. Other names may be blocks.
- ``open``: the spec extends another, or names a block like a kind. Any name may be a block.
"""

import inspect
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from cnncalc import layers
from cnncalc.core.cost import BYTES, SHORT_DTYPES
from cnncalc.core.fields import any_case
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import fields_of, required_of
from cnncalc.core.shape import SHAPE_PATTERN
from cnncalc.spec import catalog, claims
from cnncalc.spec.checks import CONTROL, LONGEST_NAME, LONGEST_TITLE, MAX_PARTS, MAX_PROSE
from cnncalc.spec.document import BLOCK, MOVED, TOP
from cnncalc.spec.entry import ACTIVATION, NODE, Composite
from cnncalc.spec.fragments import (
    EXPRESSION,
    FROM,
    INPUTS,
    NAME,
    NAMED,
    NOT_NULL,
    NULL,
    PATH,
    SHAPE,
    SIZE,
    Schema,
    any_of,
    described,
    names,
    object_of,
    ref,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SEPARATOR = r"[\s_-]*"
"""The characters that may separate the letters of a kind's name."""
NOT_IN_NAMES = r"\s\u0000-,./:-@\[-^`{-\u00a0\u2000-\u206f"
"""White space, control characters and most punctuation, but not ``_`` and ``-``."""
WORD = f"[_-]*[^{NOT_IN_NAMES}_-][^{NOT_IN_NAMES}]*"
"""The pattern of a name, or of a word between dots in the name of a layer."""
OWN_WORDS = (*NODE, *Composite.words)
"""The keys of a layer that name neither a kind nor a block."""
VARIABLE: Schema = {**NAME, "pattern": "^[^0-9-][^-]*$", "not": {"const": "index"}}
"""A name that expressions can use, and that is not reserved."""
AFTER = "the activation after this layer, which becomes a layer of its own"
MODES = ("plain", "named", "open")


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
        **object_of(described(_top(), TOP)),
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
        "shape": any_of(
            {"type": "string", "pattern": SHAPE_PATTERN},
            SIZE,
            {"type": "array", "items": SIZE, "minItems": 1, "maxItems": 4},
        ),
        "inputs": any_of(SHAPE, {**names(SHAPE), "minProperties": 1}),
        "from": any_of(
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        ),
        # One key that is not in NODE: the kind.
        "one_kind": {
            "not": {"propertyNames": {"enum": list(NODE)}},
            "anyOf": [{"required": list(keys), "maxProperties": len(keys) + 1} for keys in present],
        },
        "kind": {"pattern": f"^(?:{spellings})$"},
        "kind_alone": any_of({"enum": bare}, {"pattern": f"^(?:{alone})$"}),
    }


FRAMEWORK = rf"(?:(?:{'|'.join(layers.FRAMEWORKS)})(?:\.[A-Za-z]+)*\.)?"
"""The prefix that a kind's name may have: its framework, as in ``keras.layers.``"""


def _spelling(kind: type[Layer]) -> str:
    """A regular expression for every spelling of a kind's name, except where another framework
    gives exactly that name a meaning of its own."""
    plain = (layers.plain(word) for word in (kind.kind, *kind.aliases))
    words = "|".join(any_case(word, SEPARATOR) for word in plain)
    exact = "|".join(_theirs(name) for name, one in kind.foreign.items() if not one.refuses)
    other = f"(?!{FRAMEWORK}(?:{exact})$)" if exact else ""
    return rf"{other}{FRAMEWORK}(?:{words})(?:{SEPARATOR}[123][dD])?"


def _theirs(name: str) -> str:
    """A regular expression for a name of another framework, as it is spelled there."""
    return name.partition(".")[2].replace("*", "[123]")


def _foreign() -> str:
    """A regular expression for every spelling of the names that other frameworks use."""
    names = [name for kind in layers.every() for name in kind.foreign]
    plain = [layers.plain(name.partition(".")[2]) for name in names]
    loose = [any_case(word, SEPARATOR).replace("*", "[123]") for word in plain]
    return f"{FRAMEWORK}(?:{'|'.join(loose)})"


def _top() -> Mapping[str, Schema]:
    """The keys of a spec. ``_body`` checks blocks and layers as well."""
    parameters = {**names({}), "propertyNames": VARIABLE}
    return {
        "name": any_of(TITLE, NULL),
        "source": any_of(TEXT, NULL),
        "note": any_of(TEXT, NULL),
        "variants": any_of(names(TEXT), NULL),
        "extends": {"type": "string", "minLength": 1},
        "input": INPUTS,
        "layout": {"type": "string", "pattern": f"^({'|'.join(map(any_case, ('chw', 'hwc')))})$"},
        "dtype": any_of({"enum": [*{**BYTES, **SHORT_DTYPES}]}, NULL),
        "parameters": any_of(parameters, NULL),
        "blocks": any_of({"type": "object"}, NULL),
        "layers": {"type": "array", "minItems": 1},
        "replace": any_of({"type": "object"}, NULL),
        "outputs": any_of(_one_or_more(NAMED), NULL),
        "published": any_of({"type": "array", "items": _claim()}, NULL),
    }


def _is_open() -> Schema:
    named_like_a_kind = {"not": {"propertyNames": {"not": ref("kind")}}}
    return any_of({"required": ["extends"]}, {"properties": {"blocks": named_like_a_kind},
                                            "required": ["blocks"]})  # fmt: skip


def _body(mode: str) -> Schema:
    """The blocks and the layers of a spec in this mode."""
    parts = {
        "takes": _takes(),
        "reads": any_of(_one_or_more(NAME), NULL),
        "gives": any_of(_one_or_more(NAMED), NULL),
        "layers": ref(f"{mode}_layers"),
    }
    block = {**object_of(described(parts, BLOCK)), "required": ["layers"]}
    blocks = names(block) | {"properties": dict.fromkeys(OWN_WORDS, False)}
    entries = ref(f"{mode}_layers")
    one = {"allOf": [ref(f"{mode}_entry"), {"properties": dict.fromkeys(MOVED, False)}]}
    other = {"type": "object", "additionalProperties": any_of(one, {**entries, "type": "array"})}
    return {"properties": {"blocks": any_of(blocks, NULL), "layers": entries,
                           "replace": any_of(other, NULL)}}  # fmt: skip


def _takes() -> Schema:
    """The arguments that a block takes, optionally with defaults."""
    one = any_of(VARIABLE, {**names({}), "propertyNames": VARIABLE})
    return any_of(one, {"type": "array", "items": one, "uniqueItems": True}, NULL)


def _layers_of(mode: str) -> dict[str, Schema]:
    """A list of layers, a single layer, and a layer as a mapping, in this mode."""
    bare = {
        "plain": ref("kind_alone"),
        "named": any_of(ref("kind_alone"), {**NAME, "not": ref("kind")}),
        "open": any_of(ref("kind"), NAME),
    }[mode]
    layer = {"type": "string", "not": {"enum": list(OWN_WORDS)}, **bare}
    return {
        f"{mode}_layers": any_of({"type": "array", "items": ref(f"{mode}_entry")}, NULL),
        f"{mode}_entry": any_of(layer, ref(f"{mode}_layer")),
        f"{mode}_layer": _layer(mode, layer),
    }


def _layer(mode: str, bare: Schema) -> Schema:
    """A mapping with one kind or block, and the keys beside it."""
    entries = ref(f"{mode}_layers")
    own = {}
    beside: dict[str, Schema] = {
        "name": PATH,
        "from": ref("from"),
        "repeat": any_of({"type": "integer", "minimum": 0}, EXPRESSION),
        "when": any_of({"type": "boolean"}, EXPRESSION),
        "weights": NAMED,
        "trainable": any_of({"type": "boolean"}, EXPRESSION),
    }
    needed: dict[str, list[str]] = {}
    for word, composite in Composite.words.items():
        own[word], keys = composite.schema(entries, bare, ref(f"{mode}_layer"))
        beside |= keys
        needed |= {word: list(composite.needs)} if composite.needs else {}
        needed |= {key: [word] for key in keys}
    words = {"enum": list(OWN_WORDS)} if mode == "plain" else NAME
    return {
        "type": "object",
        "properties": {**described(beside, NODE), **own},
        "propertyNames": any_of(words, ref("kind")),
        "allOf": [ref("one_kind"), *([ref("kinds")] if mode != "open" else [])],
        "dependentRequired": needed,
        "dependentSchemas": {
            "from": {"additionalProperties": {"not": {"type": "object", "required": ["from"]}}}
        },
    }


def _kinds() -> Schema:
    """The valid values for every spelling of every kind; names are listed for completion."""
    properties, spelled = {}, {}
    for kind in layers.every():
        value = ref(f"{kind.kind}_value")
        properties.update(dict.fromkeys((kind.kind, *kind.aliases), value))
        spelled[f"^{_spelling(kind)}$"] = value
    return {"properties": properties, "patternProperties": spelled}


def _kind(kind: type[Layer]) -> dict[str, Schema]:
    """The fields of a kind, and everything that is valid after its name."""
    needed = set(required_of(kind))
    allowed = [ref(kind.__name__), EXPRESSION]
    if not needed and not kind.either:
        allowed.append(NULL)
    if kind.main and needed <= {kind.main}:
        allowed.append(_with_expressions(fields_of(kind)[kind.main].schema, FROM))
    return {kind.__name__: _fields(kind), f"{kind.kind}_value": any_of(*allowed)}


def _fields(kind: type[Layer]) -> Schema:
    """An object with a kind's fields, each under one of its names."""
    fields, needed = fields_of(kind), required_of(kind)
    names = {name: (name, *field.also) for name, field in fields.items()}
    properties: dict[str, Schema] = {"from": FROM}
    if kind.activated:
        properties[ACTIVATION] = {"description": AFTER, "type": ["string", "null"]}
    for name, field in fields.items():
        properties[name] = {"description": field.doc, **_with_expressions(field.schema)}
        same = {"description": field.doc, **ref(f"{kind.__name__}/properties/{name}")}
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
        **object_of(properties),
        **({"allOf": rules} if rules else {}),
    }


def _times(words: Sequence[str], needed: bool) -> Schema:
    """Exactly one of these keys if one is needed, otherwise at most one."""
    given: list[Schema] = [{"required": [word]} for word in words]
    return {"oneOf": given if needed else [*given, {"not": {"anyOf": given}}]}


def _with_expressions(fragment: Mapping[str, Any], beside: Schema | None = None) -> Schema:
    """The schema with an expression allowed for every value. If ``beside`` is given, mappings may
    also have the key ``from``, with that schema."""
    part = dict(fragment)
    if part.get("type") == "object":
        inner = {key: _with_expressions(value) for key, value in part["properties"].items()}
        part["properties"] = inner | ({"from": beside} if beside else {})
    elif part.get("type") == "array":
        part["items"] = _with_expressions(part["items"])
    elif "anyOf" in part:
        return any_of(*(_with_expressions(one, beside) for one in part["anyOf"]))
    return any_of(part, EXPRESSION)


def _claim() -> Schema:
    """One item of ``published``: a printed number, or a table of them."""
    cell: Schema = {"type": ["string", "number", "null"]}
    cells = {"type": "array", "items": cell}
    text = any_of({"type": ["string", "number", "boolean"]}, NULL)
    habit = {"enum": list(claims.HABITS)}
    filled: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
    return {
        **object_of(
            {
                "quantity": _one_or_more({"enum": list(claims.QUANTITIES)}),
                "value": {},
                "source": filled,
                "layer": text,
                "layers": any_of({"type": "object"}, NULL),
                "than": {"enum": [*catalog.names(), None]},
                "set": any_of({"type": "object"}, NULL),
                "input": any_of(INPUTS, NULL),
                "habit": any_of(habit, NULL, {"type": "array", "items": habit}),
                "erratum": any_of(filled, NULL),
            }
        ),
        "required": ["quantity", "source"],
        "oneOf": [_given("value"), _given("layers")],
        "not": {"allOf": [_given("layer"), _given("layers")]},
        # One value for each quantity.
        "if": {"properties": {"quantity": {"type": "array"}}},
        "then": _values(any_of(cells, NULL), cells),
        "else": _values(cell, cell),
    }


def _given(key: str) -> Schema:
    """A key with a value other than null."""
    return {"required": [key], "properties": {key: NOT_NULL}}


def _values(value: Schema, row: Schema) -> Schema:
    return {"properties": {"value": value, "layers": {"additionalProperties": row}}}


def _one_or_more(item: Schema) -> Schema:
    return any_of(item, {"type": "array", "items": item, "minItems": 1})
