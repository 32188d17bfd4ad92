"""Shell completion: networks, their layers, formats, columns, devices, kinds and conventions.

typer calls each function with the word typed so far.
"""

from collections.abc import Callable, Iterable

import typer

from cnncalc.core import discovery
from cnncalc.core.errors import CnncalcError

Complete = Callable[[str], list[str]]


def words(known: Callable[[], Iterable[str]]) -> Complete:
    """A function that completes what is typed to one of the known words."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in known() if word.startswith(incomplete)]

    return complete


def modules(path: list[str]) -> Complete:
    """A function that completes the names of modules, as users type them."""
    return words(lambda: [name.replace("_", "-") for name in discovery.modules(path)])


def networks(incomplete: str) -> list[str]:
    """The built-in networks and the YAML files whose names begin with this word."""
    from glob import escape, glob

    from cnncalc.spec import catalog

    files = glob(f"{escape(incomplete)}*.yaml") + glob(f"{escape(incomplete)}*.yml")
    return [*words(catalog.names)(incomplete), *sorted(files)]


def layers(context: typer.Context, incomplete: str) -> list[str]:
    """The layers and blocks of the network that comes first on the command line."""
    from cnncalc.api import summarize

    try:
        report = summarize(context.params.get("spec") or "")
    except CnncalcError:
        return []
    known = [*(row.name for row in report.layers), *(report.groups or {})]
    return words(lambda: known)(incomplete)


def columns(incomplete: str) -> list[str]:
    """The ways to complete the last of several columns, with or without a plus."""
    from cnncalc.render.columns import COLUMNS

    start, comma, last = incomplete.rpartition(",")
    plus = "+" * last.startswith("+")
    found = words(lambda: COLUMNS)(last.removeprefix("+"))
    return [f"{start}{comma}{plus}{name}" for name in found]


def devices(incomplete: str) -> list[str]:
    """The ways to complete the last of several devices."""
    from cnncalc.api import devices as known

    start, comma, last = incomplete.rpartition(",")
    return [f"{start}{comma}{one.key}" for one in known() if one.key.startswith(last)]


def kinds(incomplete: str) -> list[str]:
    """The kinds of layers."""
    from cnncalc import layers

    return words(layers.names)(incomplete)
