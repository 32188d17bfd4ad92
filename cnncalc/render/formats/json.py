"""The whole report as JSON with exact integers; its keys are the contract of docs/json.md.

Depth, columns and order choose what a table shows and change nothing here. A count under some
convention is added as ``convention`` (docs/reconcile.md). The text is ASCII, so that no terminal or
file encoding can spoil a name. Of records it is the list.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".json"


def render(view: "Sheet") -> str:
    """The data, indented."""
    return "".join(pieces(view))


def pieces(view: "Sheet") -> Iterator[str]:
    """The same text in small pieces: with 100,000 layers it has 100 MB."""
    yield from json.JSONEncoder(indent=2).iterencode(view.to_dict())
    yield "\n"
