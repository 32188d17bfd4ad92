"""``cnncalc schema``: the JSON Schema of the spec language."""

import json

from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared


def run(output: options.TextOutput = None) -> None:
    """Print the JSON Schema of the spec language, for completion and validation in your editor.

    Start a spec with '# yaml-language-server: $schema=cnncalc.schema.json' to use it.

    cnncalc schema -o cnncalc.schema.json
    """
    from cnncalc.spec.schema import schema

    shared.write(json.dumps(schema(), indent=2) + "\n", output)
