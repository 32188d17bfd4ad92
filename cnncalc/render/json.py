"""The whole report as JSON with exact integers; its keys are the contract of docs/json.md.

Depth, columns and order choose what a table shows and change nothing here. The text is ASCII, so
that no terminal or file encoding can spoil a name.
"""

import json

from cnncalc.view import View

SUFFIX = ".json"


def render(view: View) -> str:
    """The report as one indented JSON object."""
    return json.dumps(view.report.to_dict(), indent=2) + "\n"
