"""``cnncalc schema``: the JSON Schema of the spec language."""

import json

from cnncalc.cli import _shared as shared


def run(output: shared.Output = None) -> None:
    """Print the JSON Schema of the spec language, with which an editor checks and completes.

    cnncalc schema -o cnncalc.schema.json

    Then begin a spec with: # yaml-language-server: $schema=cnncalc.schema.json
    """
    from cnncalc.spec.schema import schema

    shared.write(json.dumps(schema(), indent=2) + "\n", output)
