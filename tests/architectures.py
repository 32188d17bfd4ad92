"""The built-in architectures as test parameters."""

import re
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import pytest

from cnncalc import summarize
from cnncalc.conventions.published import check
from cnncalc.spec import catalog

LARGE = {"unet", "fcn8s", "ssd300_vgg16"}
"""Built-ins whose smallest image is too large for a run of a few seconds on the CPU."""

UNMODELLED = {"crnn", "vit_b_16"}
"""Built-ins with a layer whose memory is not modelled."""

SLOW = {"deeplabv3_resnet50", "r2plus1d_18"}
"""Built-ins that run only with ``--exhaustive``."""


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that it calculates each built-in without options only once."""
    known = cache(function)

    @wraps(function)
    def call(target: object, **options: object) -> Any:
        plain = not options and isinstance(target, str) and target in catalog.names()
        return known(target) if plain else function(target, **options)

    return call


report_of, findings_of = once(summarize), once(check)


def all_of_them(turn: int = 0, of: int = 1) -> list[Any]:
    """Every built-in; those that are not daily (see ``is_daily``) need ``--exhaustive``."""
    return [
        pytest.param(name, marks=() if is_daily(name, turn, of) else pytest.mark.exhaustive)
        for name in catalog.names()
    ]


def is_daily(name: str, turn: int = 0, of: int = 1) -> bool:
    """Whether a built-in defines its own layers, is fast, and has its turn: of ``of`` tests that
    share the work, each built-in is daily in one."""
    return name in daily()[turn::of]


@cache
def daily() -> list[str]:
    """The built-ins that define their own layers and are fast."""
    return [name for name in catalog.names() if not is_variant(name) and name not in SLOW]


@cache
def is_variant(name: str) -> bool:
    """Whether an architecture defines no layers or blocks itself."""
    text = catalog.path(name).read_text(encoding="utf-8")
    return not re.search("^(layers|blocks):", text, re.MULTILINE)
