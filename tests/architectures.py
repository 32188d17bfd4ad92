"""The built-in architectures as test parameters."""

from math import inf
from typing import Any

import pytest
import yaml

from cnncalc import summarize
from cnncalc.spec import catalog


def all_of_them(most_layers: float = inf) -> list[Any]:
    """Every built-in; larger ones, and those that only set another's parameters, run with
    ``--exhaustive``."""
    return [
        pytest.param(name, marks=() if is_daily(name, most_layers) else pytest.mark.exhaustive)
        for name in catalog.names()
    ]


def is_daily(name: str, most_layers: float) -> bool:
    """Whether a built-in has layers of its own, and no more than that."""
    return not is_variant(name) and (most_layers == inf or len(summarize(name)) <= most_layers)


def is_variant(name: str) -> bool:
    """Whether an architecture has no layers and no blocks of its own."""
    tree = yaml.safe_load(catalog.path(name).read_text(encoding="utf-8"))
    return not {"layers", "blocks"} & {*tree}
