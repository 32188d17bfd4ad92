"""Devices and their peaks, from ``devices.yaml`` or a file like it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from cnncalc.core import units
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import (
    Mistakes,
    SpecError,
    UnknownName,
    UsageError,
    did_you_mean,
    near_names,
    some,
    unknown,
)
from cnncalc.spec import files, text
from cnncalc.spec.entry import describe
from cnncalc.spec.text import Item, Key

BUILT_IN = Path(__file__).with_name("devices.yaml")
NEEDED = "a file of devices needs a name and a 'peak' for each device"
ENTRY = "write a line such as t4: {peak: {float32: 8.1}}"
EXAMPLE = "write it as {peak: {float32: 8.1}, bandwidth: 320, memory: 16 GB}"
TF32 = "tf32"
"""Float32 data, multiplied in tensor cores with shorter mantissas."""
DTYPES = (*BYTES, TF32)
"""The dtypes for which a device can have a peak."""
TERA, GIGA, MEGA = 10**12, 10**9, 10**6
MAX_DEVICES = 1000
MAX_TEXT = 200


class Arithmetic(NamedTuple):
    """The figures from which a peak (cores·per_clock·clock) and a bandwidth (bus·rate/8) follow.

    ``clock`` is in MHz, ``per_clock`` counts the operations of a core in each cycle, ``bus`` is
    in bits, and ``rate`` is in 10⁹ transfers per second.
    """

    cores: Fraction | None = None
    clock: Fraction | None = None
    per_clock: Fraction = Fraction(2)
    dtype: str = "float32"
    bus: Fraction | None = None
    rate: Fraction | None = None

    @property
    def peak(self) -> Fraction | None:
        """Operations per second."""
        if self.cores is None or self.clock is None:
            return None
        return self.cores * self.per_clock * self.clock * MEGA

    @property
    def bandwidth(self) -> Fraction | None:
        """Bytes per second."""
        return None if self.bus is None or self.rate is None else self.bus * self.rate * GIGA / 8


@dataclass(frozen=True, eq=False)
class Device:
    """A device with the figures from its source; a figure that the source does not state is None
    or missing.

    ``peak`` and ``sparse`` are in operations per second, by dtype; ``bandwidth`` is in bytes per
    second, ``memory`` and ``flash`` (for the weights on a microcontroller) in bytes, and ``power``
    in watts. ``checked`` lists what else confirms the figures.
    """

    key: str
    name: str
    peak: Mapping[str, Fraction]
    sparse: Mapping[str, Fraction] = field(default_factory=dict)
    bandwidth: Fraction | None = None
    memory: int | None = None
    flash: int | None = None
    power: Fraction | None = None
    source: str = ""
    checked: tuple[str, ...] = ()
    arithmetic: Arithmetic = Arithmetic()

    def peak_for(self, dtype: str) -> Fraction:
        """Operations per second. Raises UsageError if the source states none for the dtype."""
        if dtype not in self.peak:
            stated = ", ".join(self.peak)
            raise UsageError(f"{self.key} has no known peak for {dtype}", f"choose from {stated}")
        return self.peak[dtype]

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/json.md): operations and bytes per second, bytes, watts."""
        return {
            "device": self.key,
            "name": self.name,
            "peak": {dtype: plain(peak) for dtype, peak in self.peak.items()},
            "sparse": {dtype: plain(peak) for dtype, peak in self.sparse.items()},
            "bandwidth": plain(self.bandwidth),
            "memory": self.memory,
            "flash": self.flash,
            "power": plain(self.power),
            "source": self.source,
            "checked": list(self.checked),
        }


def stored_as(dtype: str | None) -> str | None:
    """The dtype that data computed in this one is stored in: float32 for tf32, otherwise the same;
    None for None. Raises UsageError for an unknown dtype."""
    if dtype is None:
        return None
    if dtype not in DTYPES:
        raise unknown("dtype", dtype, DTYPES)
    return "float32" if dtype == TF32 else dtype


def plain(number: Fraction | None) -> int | float | None:
    """A number for JSON: an integer if it is whole."""
    if number is None or number.denominator == 1:
        return None if number is None else number.numerator
    return float(number)


def devices(path: str | PathLike[str] | None = None) -> tuple[Device, ...]:
    """All devices of a file, by default of ``devices.yaml``, in its order.

    Raises Mistakes with the location of the first thing that cannot be used, and UsageError if
    there is no such file.
    """
    return _built_in() if path is None else _read(Path(path))


def find(name: str, known: tuple[Device, ...]) -> Device:
    """The device with this key or name, ignoring case, spaces, hyphens and underscores. Raises
    UnknownName for an unknown name, and suggests similar ones if there are any."""
    meant = _bare(name)
    for device in known:
        if meant in (_bare(device.key), _bare(device.name)):
            return device
    if "," in name:
        raise UnknownName(f"{name[:60]!r} names {name.count(',') + 1} devices; give a single one")
    hint = near_names(name, [device.key for device in known])
    every = "run 'cnncalc devices' to see them all"
    if known is not _built_in():
        every = f"the file has {some([device.key for device in known])}"
    raise UnknownName(f"no device {name[:60]!r}{hint or '; ' + every}")


def _bare(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.lower())


@cache
def _built_in() -> tuple[Device, ...]:
    return _read(BUILT_IN)


def _read(path: Path) -> tuple[Device, ...]:
    try:
        root = text.read(files.read_text(path), str(path), NEEDED)
        return tuple(_devices(root))
    except SpecError as error:
        raise Mistakes([error]) from None


def _devices(root: Item) -> Iterator[Device]:
    entries = mapping(root, "a file of devices", ENTRY)
    if len(entries) > MAX_DEVICES:
        raise SpecError(f"the file has more than {MAX_DEVICES:,} devices", root.where)
    for key, item in entries.items():
        word(Item(str(key), key.where, key), "name")
        if not isinstance(item.value, dict):
            fact = f"the device {key[:60]!r} must be a mapping, not {describe(item)}"
            raise SpecError(fact, item.where, EXAMPLE)
        values = fields(item, key, READERS)
        if not values.get("peak"):
            raise SpecError(f"{key[:60]!r} needs a 'peak'", key.where)
        yield Device(str(key), **{"name": str(key), **values})


def mapping(item: Item, what: str, help: str = "") -> dict[Key, Item]:
    """The entries of a mapping; raises SpecError for anything else."""
    if not isinstance(item.value, dict):
        raise SpecError(f"{what[:60]} must be a mapping", item.where, help)
    return item.value


def fields(item: Item, what: str, readers: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every field of a mapping, read by its reader. Raises SpecError for anything that
    cannot be read."""
    found = {}
    for key, value in mapping(item, what).items():
        if key not in readers:
            hint = did_you_mean(key, readers) or f"; choose from {', '.join(readers)}"
            raise SpecError(f"{what[:60]} has no field {key[:60]!r}{hint}", key.where)
        found[str(key)] = readers[key](value, key)
    return found


def number(item: Item, key: str, unit: str = "") -> Fraction:
    """A positive decimal as it is written; raises SpecError for anything else."""
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", item.text) or not Fraction(item.text):
        _refuse(item, key, f"a positive number{unit}")
    return Fraction(item.text)


def word(item: Item, key: str) -> str:
    """Printable text of bounded length; raises SpecError for anything else."""
    if not (item.text.strip() and item.text.isprintable() and len(item.text) <= MAX_TEXT):
        _refuse(item, key, f"text of at most {MAX_TEXT} printable characters")
    return item.text


def _size(item: Item, key: str) -> int:
    try:
        return units.bytes_of(item.text)
    except ValueError:
        _refuse(item, key, "a number of bytes, such as 16 GB or 320 KiB")


def dtype(item: Item, key: str) -> str:
    """The name of a dtype; raises SpecError for anything else."""
    if item.text not in DTYPES:
        _refuse(item, key, f"one of {', '.join(DTYPES)}")
    return item.text


def _peaks(item: Item, key: str) -> dict[str, Fraction]:
    readers = dict.fromkeys(DTYPES, _tera)
    return fields(item, f"'{key}'", readers)


def _words(item: Item, key: str) -> tuple[str, ...]:
    if not isinstance(item.value, list):
        _refuse(item, key, "a list")
    return tuple(word(one, key) for one in item.value)


def _arithmetic(item: Item, key: str) -> Arithmetic:
    readers = dict.fromkeys(Arithmetic._fields, number) | {"dtype": dtype}
    return Arithmetic(**fields(item, f"'{key}'", readers))


def _tera(item: Item, key: str) -> Fraction:
    return number(item, key, " in 10¹² operations per second, such as 8.1") * TERA


def _bandwidth(item: Item, key: str) -> Fraction:
    return number(item, key, " in 10⁹ bytes per second, such as 320") * GIGA


def _watts(item: Item, key: str) -> Fraction:
    return number(item, key, " in watts, such as 70")


def _refuse(item: Item, key: str, expected: str) -> NoReturn:
    raise SpecError(f"{str(key)[:60]!r} must be {expected}", item.where)


READERS: Mapping[str, Any] = {
    "name": word,
    "peak": _peaks,
    "sparse": _peaks,
    "bandwidth": _bandwidth,
    "memory": _size,
    "flash": _size,
    "power": _watts,
    "source": word,
    "checked": _words,
    "arithmetic": _arithmetic,
}
"""How each field of a device is read."""
