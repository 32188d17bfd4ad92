"""The built-in architectures as test parameters."""

from typing import Any

import pytest
import yaml

from cnncalc.spec import catalog


def all_of_them() -> list[Any]:
    """Every built-in; those that only set another's parameters run with ``--exhaustive``."""
    return [
        pytest.param(name, marks=pytest.mark.exhaustive if is_variant(name) else ())
        for name in catalog.names()
    ]


def is_variant(name: str) -> bool:
    """Whether an architecture has no layers and no blocks of its own."""
    tree = yaml.safe_load(catalog.path(name).read_text(encoding="utf-8"))
    return not {"layers", "blocks"} & {*tree}
