"""The whole report as JSON with exact integers; docs/json.md documents its keys.

Depth, columns and order affect only tables. A count under a convention is added as ``convention``
(docs/reconcile.md). The text is ASCII, so that no terminal or file encoding can spoil a name.
Records without other data are written as a list.
"""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".json"


def render(view: "Sheet") -> str:
    """The data, indented."""
    return json.dumps(view.to_dict(), indent=2) + "\n"
