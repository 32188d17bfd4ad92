"""The JSON Schema of the spec language, for editors: made from the kinds' own fields.

It cannot know a spec's blocks, so that a kind it has never heard of passes; inside a kind that it
knows, and beside one, every misspelt key is flagged.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model
from pydantic.json_schema import models_json_schema

from cnncalc import catalog, layers
from cnncalc.layer import Layer, fields_of, required_of
from cnncalc.spec import claims
from cnncalc.spec.document import BRANCHES, NODE, RESIDUAL, TOP

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXPRESSIONS = r"^\$(\{[^}]*\}|[A-Za-z_][A-Za-z0-9_]*)$"
"""``$name`` or ``${...}``, in the regular expressions of JSON Schema."""
EXPRESSION = {"$ref": "#/$defs/expression"}
ENTRY = {"$ref": "#/$defs/entry"}
ENTRIES = {"$ref": "#/$defs/entries"}
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
        "$defs": {
            "expression": {"type": "string", "pattern": EXPRESSIONS},
            "entries": {"anyOf": [{"type": "array", "items": ENTRY}, {"type": "null"}]},
            "entry": {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/layer"}]},
            "layer": _layer(),
            "block": _keys(("takes", "layers"), {"takes": {}, "layers": ENTRIES}),
            **_kinds(),
        },
    }


def _top() -> Mapping[str, Schema]:
    """What each key of a spec holds."""
    blocks = {"type": "object", "additionalProperties": {"$ref": "#/$defs/block"}}
    return {
        "name": TEXT,
        "source": TEXT,
        "note": TEXT,
        "variants": {"type": "object", "additionalProperties": TEXT},
        "extends": {"type": "string"},
        "input": INPUTS,
        "parameters": {"type": "object"},
        "blocks": blocks,
        "layers": ENTRIES,
        "published": {"anyOf": [{"type": "array", "items": _claim()}, {"type": "null"}]},
    }


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


def _node() -> Mapping[str, Schema]:
    """What each key beside a kind holds."""
    return {
        "name": TEXT,
        "from": NAMES,
        "repeat": {"anyOf": [{"type": "integer", "minimum": 0}, EXPRESSION]},
        "when": {"anyOf": [{"type": "boolean"}, EXPRESSION]},
        "join": {"type": ["string", "object"]},
        "shortcut": ENTRIES,
    }


def _keys(described: Mapping[str, str] | tuple[str, ...], shapes: Mapping[str, Schema]) -> Schema:
    """An object of these keys and no others, each with its description where it has one."""
    docs = described if isinstance(described, Mapping) else {}
    properties = {
        key: {**shapes[key], **({"description": docs[key]} if key in docs else {})}
        for key in described
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _layer() -> Schema:
    """A mapping with one kind or block, and the keys that may stand beside it."""
    branches = {"anyOf": [{"type": "object", "additionalProperties": ENTRIES},
                          {"type": "array", "items": ENTRIES}]}  # fmt: skip
    kinds: dict[str, Schema] = {BRANCHES: branches, RESIDUAL: ENTRIES}
    for kind in layers.every():
        for word in (kind.kind, *kind.aliases):
            kinds[word] = _value(kind)
    return {
        "type": "object",
        "properties": {**_keys(NODE, _node())["properties"], **kinds},
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
