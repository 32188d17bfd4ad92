"""The results of ``tests/zoo.py``: as lines, as totals, and as a table of families."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Found(NamedTuple):
    """The result of each comparison of a model; None if it was not made."""

    name: str
    family: str = ""
    problem: str = ""
    params: bool | None = None
    macs: bool | None = None
    buffers: bool | None = None
    saved: bool | None = None
    yaml: bool | None = None
    rows: bool | None = None
    fields: bool | None = None
    totals: bool | None = None
    memory: bool | None = None
    outputs: bool | None = None
    opaque: int = 0
    seconds: float = 0.0

    @property
    def values(self) -> Mapping[str, bool | None]:
        """Every comparison by its name."""
        return {name: getattr(self, name) for name in COMPARED}

    @property
    def fails(self) -> bool:
        """Whether anything that was compared differs."""
        return bool(self.problem) or False in self.values.values()


COMPARED = Found._fields[Found._fields.index("params") : Found._fields.index("outputs") + 1]
"""The names of the comparisons."""


def recorded(path: Path | None) -> list[Found]:
    """The results that a file has, if there is one."""
    if path is None or not path.exists():
        return []
    return [Found(**json.loads(one)) for one in path.read_text(encoding="utf-8").splitlines()]


def record(path: Path | None, one: Found) -> None:
    """Add a result to a file."""
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(one._asdict()) + "\n")


def line(one: Found) -> str:
    """A model's line."""
    if one.problem:
        return f"{one.name}: {one.problem}"
    marks = {None: "–", True: "✓", False: "✗"}
    found = " ".join(f"{name} {marks[value]}" for name, value in one.values.items())
    return f"{one.name}: {found} opaque {one.opaque} in {one.seconds:.2f} s"


def totals(found: Sequence[Found]) -> Mapping[str, str]:
    """How many of the models agree in each quantity, of those where it was compared."""
    read = [one for one in found if not one.problem]
    counts = {"read": f"{len(read)} of {len(found)}"}
    for name in COMPARED:
        values = [value for one in read if (value := one.values[name]) is not None]
        counts[name] = f"{sum(values)} of {len(values)}"
    counts["without opaque layers"] = f"{sum(not one.opaque for one in read)} of {len(read)}"
    seconds = sorted(one.seconds for one in read) or [0.0]
    counts["median seconds"] = f"{seconds[len(seconds) // 2]:.2f}"
    return counts


def table(found: Sequence[Found]) -> Iterator[str]:
    """The totals of every family, and of all, as a Markdown table."""
    families = sorted({one.family for one in found})
    rows = {family: [one for one in found if one.family == family] for family in families}
    yield (
        "| family | models | equal parameters, MACs, buffers and YAML | equal saved bytes | "
        "without an opaque layer |"
    )
    yield "| --- " * 5 + "|"
    for family, models in {**rows, "all": found}.items():
        counts = totals(models)
        equal = sum(all((one.params, one.macs, one.buffers, one.yaml)) for one in models)
        saved, clear = counts["saved"], counts["without opaque layers"]
        yield f"| {family} | {len(models)} | {equal} | {saved} | {clear.split()[0]} |"
