"""The JSON Schema of the spec language, for editors: made from the kinds' own fields.

A kind that it has never heard of passes only where a spec has blocks, its own or those of the spec
that it extends: JSON Schema cannot look up their names. Inside a kind that it knows, by whatever
spelling, and beside one, every misspelt key is flagged.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model
from pydantic.json_schema import models_json_schema

from cnncalc import layers
from cnncalc.core.fields import any_case
from cnncalc.core.layer import Layer, fields_of, required_of
from cnncalc.spec import catalog, claims
from cnncalc.spec.document import BRANCHES, NODE, RESIDUAL, TOP

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXPRESSIONS = r"^\$(\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*)$"
"""``$name`` or ``${...}``, in the regular expressions of JSON Schema."""
EXPRESSION = {"$ref": "#/$defs/expression"}
ENTRIES = {"$ref": "#/$defs/entries"}
SEPARATOR = r"[\s_-]*"
"""What may stand between the letters of a kind's name."""
KNOWN_ENTRIES = {"$ref": "#/$defs/known_entries"}
"""Layers of a spec without blocks: only the kinds that there are."""
TEXT = {"type": ["string", "number", "boolean"]}
NAMES = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}
SIZE = {"anyOf": [{"type": "integer", "minimum": 1}, EXPRESSION]}
SHAPE = {"anyOf": [{"type": "string"}, SIZE, {"type": "array", "items": SIZE, "minItems": 1}]}

INPUTS = {"anyOf": [SHAPE, {"type": "object", "additionalProperties": SHAPE}]}


def schema() -> Schema:
    """The schema of a whole spec."""
    return {
        "$schema": DIALECT,
        "title": "a cnncalc architecture",
        **_keys(TOP, _top()),
        "anyOf": [{"required": ["input", "layers"]}, {"required": ["extends"]}],
        "if": {"anyOf": [{"required": ["blocks"]}, {"required": ["extends"]}]},
        "else": {"properties": {"layers": KNOWN_ENTRIES}},
        "$defs": {
            "expression": {"type": "string", "pattern": EXPRESSIONS},
            "entries": _list_of("entry"),
            "entry": _one_of({"minLength": 1}, "layer"),
            "layer": _layer(ENTRIES),
            "known_entries": _list_of("known_entry"),
            "known_entry": _one_of(_words(), "known_layer"),
            "known_layer": {**_layer(KNOWN_ENTRIES), "additionalProperties": False},
            "block": _keys(("takes", "layers"), {"takes": {}, "layers": ENTRIES}),
            **{f"{kind.kind}_value": _value(kind) for kind in layers.every()},
            **_kinds(),
        },
    }


def _list_of(entry: str) -> Schema:
    """A list of entries, or none."""
    return _or_nothing({"type": "array", "items": {"$ref": f"#/$defs/{entry}"}})


def _one_of(words: Schema, layer: str) -> Schema:
    """A kind alone, or a mapping with it."""
    return {"anyOf": [{"type": "string", **words}, {"$ref": f"#/$defs/{layer}"}]}


def _words() -> Schema:
    """The kinds that may stand alone: their names, to complete, and every other spelling."""
    spellings = "|".join(_spelling(kind) for kind in layers.every())
    return {"anyOf": [{"enum": list(layers.names())}, {"pattern": f"^(?:{spellings})$"}]}


def _spelling(kind: type[Layer]) -> str:
    """A regular expression of all that ``layers.find`` takes for a kind, unanchored."""
    plain = (layers.plain(word) for word in (kind.kind, *kind.aliases))
    words = "|".join(any_case(word, SEPARATOR) for word in plain)
    return rf"(?:{words})(?:{SEPARATOR}[123][dD])?"


def _top() -> Mapping[str, Schema]:
    """What each key of a spec holds."""
    blocks = {"type": "object", "additionalProperties": {"$ref": "#/$defs/block"}}
    return {
        "name": _or_nothing(TEXT),
        "source": _or_nothing(TEXT),
        "note": _or_nothing(TEXT),
        "variants": _or_nothing({"type": "object", "additionalProperties": TEXT}),
        "extends": {"type": "string"},
        "input": INPUTS,
        "parameters": _or_nothing({"type": "object"}),
        "blocks": _or_nothing(blocks),
        "layers": ENTRIES,
        "published": _or_nothing({"type": "array", "items": _claim()}),
    }


def _or_nothing(value: Schema) -> Schema:
    """The value, or a key with nothing after it."""
    return {"anyOf": [value, {"type": "null"}]}


def _claim() -> Schema:
    """One item of ``published``: a printed number, or a table of them."""
    cell = {"type": ["string", "number", "null"]}
    cells = _one_or_more(cell)
    return {
        **_keys(
            claims.KEYS,
            {
                "quantity": _one_or_more({"enum": list(claims.QUANTITIES)}),
                "value": cells,
                "source": TEXT,
                "layer": TEXT,
                "layers": {"type": "object", "additionalProperties": cells},
                "than": {"enum": list(catalog.names())},
                "set": {"type": "object"},
                "input": INPUTS,
                "habit": _one_or_more({"enum": list(claims.HABITS)}),
                "erratum": TEXT,
            },
        ),
        "required": ["quantity", "source"],
        "oneOf": [{"required": ["value"]}, {"required": ["layers"]}],
    }


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _node(entries: Schema) -> Mapping[str, Schema]:
    """What each key beside a kind holds."""
    return {
        "name": TEXT,
        "from": NAMES,
        "repeat": {"anyOf": [{"type": "integer", "minimum": 0}, EXPRESSION]},
        "when": {"anyOf": [{"type": "boolean"}, EXPRESSION]},
        "join": {"type": ["string", "object"]},
        "shortcut": entries,
    }


def _keys(described: Mapping[str, str] | tuple[str, ...], shapes: Mapping[str, Schema]) -> Schema:
    """An object of these keys and no others, each with its description where it has one."""
    docs = described if isinstance(described, Mapping) else {}
    properties = {
        key: {**shapes[key], **({"description": docs[key]} if key in docs else {})}
        for key in described
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _layer(entries: Schema) -> Schema:
    """A mapping with one kind or block, and the keys that may stand beside it."""
    branches = {"anyOf": [{"type": "object", "additionalProperties": entries},
                          {"type": "array", "items": entries}]}  # fmt: skip
    kinds: dict[str, Schema] = {BRANCHES: branches, RESIDUAL: entries}
    spellings = {}
    for kind in layers.every():
        value = {"$ref": f"#/$defs/{kind.kind}_value"}
        kinds.update(dict.fromkeys((kind.kind, *kind.aliases), value))
        spellings[f"^{_spelling(kind)}$"] = value
    return {
        "type": "object",
        "properties": {**_keys(NODE, _node(entries))["properties"], **kinds},
        "patternProperties": spellings,
        "not": {"propertyNames": {"enum": list(NODE)}},
        "dependentSchemas": {word: {"propertyNames": {"enum": [word, *NODE]}} for word in kinds},
    }


def _value(kind: type[Layer]) -> Schema:
    """What may follow a kind: nothing, its fields, or its main field's value alone."""
    # A list may be the arguments of a spec's own block that goes by the name of a kind.
    allowed = [{"type": "null"}, {"type": "array"}, {"$ref": f"#/$defs/{kind.__name__}"}]
    if kind.main:
        allowed.append(_with_expressions(fields_of(kind)[kind.main].schema))
    return {"anyOf": allowed}


def _kinds() -> dict[str, Schema]:
    """The fields of every kind, under the name of its class."""
    _, generated = models_json_schema([(_model(kind), "validation") for kind in layers.every()])
    return dict(generated["$defs"])


def _model(kind: type[Layer]) -> type[BaseModel]:
    """A pydantic model with a kind's fields, by all their names."""
    # A factory leaves no default in the schema: it is for the kind to say.
    values: dict[str, Any] = {
        word: (Annotated[Any, WithJsonSchema(schema)], Field(default_factory=lambda: None))
        for word, schema in _fields(kind)
    }
    config = ConfigDict(extra="forbid", json_schema_extra=_needed(kind))
    return create_model(kind.__name__, __config__=config, __doc__=kind.__doc__, **values)


def _fields(kind: type[Layer]) -> Iterator[tuple[str, Schema]]:
    """Every name of every field, and ``from``, which may stand among them."""
    for name, field in fields_of(kind).items():
        for word in (name, *field.also):
            yield word, {"description": field.doc, **_with_expressions(field.schema)}
    yield "from", {"description": NODE["from"], **NAMES}


def _needed(kind: type[Layer]) -> Schema:
    """One name, and only one, of each field that must be given."""
    fields = fields_of(kind)
    each: list[Any] = [
        {"oneOf": [{"required": [word]} for word in (name, *fields[name].also)]}
        for name in required_of(kind)
    ]
    return {"allOf": each} if each else {}


def _with_expressions(fragment: Mapping[str, Any]) -> Schema:
    """The same, with ``$x`` allowed wherever a single value is."""
    if "anyOf" in fragment:
        return {**fragment, "anyOf": [_with_expressions(part) for part in fragment["anyOf"]]}
    if fragment.get("type") == "array":
        return {**fragment, "items": _with_expressions(fragment["items"])}
    if fragment.get("type") == "object":
        inner = {key: _with_expressions(part) for key, part in fragment["properties"].items()}
        return {**fragment, "properties": inner}
    return {"anyOf": [fragment, EXPRESSION]}
