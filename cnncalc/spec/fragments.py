"""The building blocks of the JSON Schema of the spec language."""

from collections.abc import Mapping
from typing import Any

from cnncalc.spec.entry import NODE

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to a definition in the whole schema."""
    return {"$ref": f"#/$defs/{name}"}


def any_of(*choices: Schema) -> Schema:
    """At least one of these."""
    return {"anyOf": list(choices)}


def names(values: Schema) -> Schema:
    """A mapping from names to values of this schema."""
    return {"type": "object", "propertyNames": NAME, "additionalProperties": values}


def described(properties: Mapping[str, Schema], docs: Mapping[str, str]) -> dict[str, Schema]:
    """These properties with their descriptions."""
    return {key: {"description": docs[key], **part} for key, part in properties.items()}


def object_of(properties: Mapping[str, Schema]) -> Schema:
    """An object with these keys and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


EXPRESSION, NAME, PATH, SIZE, SHAPE, INPUTS = map(
    ref, ("expression", "name", "path", "size", "shape", "inputs")
)
NAMED: Schema = {"type": "string", "minLength": 1}
"""A name that refers to a layer, a block or shared weights."""
FROM = {"description": NODE["from"], **ref("from")}
NULL: Schema = {"type": "null"}
NOT_NULL: Schema = {"not": NULL}
