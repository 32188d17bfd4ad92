"""The whole report as JSON with exact integers; its keys are the contract of docs/json.md.

Depth, columns and order choose what a table shows and change nothing here. A count under some
convention is added as ``convention`` (docs/reconcile.md). The text is ASCII, so
that no terminal or file encoding can spoil a name.
"""

import json

from cnncalc.view import View

SUFFIX = ".json"


def render(view: View) -> str:
    """The report as one indented JSON object."""
    record = view.report.to_dict()
    if view.count is not None:
        record["convention"] = view.count.to_dict()
    return json.dumps(record, indent=2) + "\n"
