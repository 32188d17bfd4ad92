"""What a convolution is given: files, standard input, numbers as text, random ones, named kernels.

It reads the files that are named to it; what comes from strangers goes through ``matrix.of``.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from random import Random
from typing import Any

from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.core.shape import Map
from cnncalc.homework.convolution import kernels, matrix
from cnncalc.homework.convolution.matrix import Tensor, check_count
from cnncalc.spec import source, text
from cnncalc.spec.text import Item

YAML = (".yaml", ".yml", ".json")
SIZE = "[0-9]{1,9}"
RANDOM = re.compile(rf"random:({SIZE}(?:x{SIZE}){{0,2}})(?::(-?{SIZE})\.\.(-?{SIZE}))?")
FILE = re.compile(r"[^\s;|,*\[\]]*[A-Za-z_][^\s;|,*\[\]]*")
"""What can only be meant as a file: a letter, and nothing that separates numbers."""


class Dice(Random):
    """Random numbers that know where they come from."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.name = f"random, seed {seed}"

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included.

        Only ``random()`` is asked, which gives the same numbers in every version of Python.
        """
        return low + int(self.random() * (high - low + 1))


def load(input: str, kernel_words: Sequence[str], seed: int = 0) -> tuple[Tensor, list[Tensor]]:
    """The input and the kernels that words mean, all of them signals or all of them images.

    A word is a file, ``-`` for standard input, numbers as ``matrix.read`` takes them, or
    ``random:5x5`` (0 to 9; ``random:5x5:-2..2``). A kernel may also be a named one, or one for
    every channel: ``box | box``. Raises UsageError that says which cannot be used, and why.
    """
    dice = Dice(seed)
    with _told_of("the input"):
        x = _read(input, dice)
    found: dict[int, Tensor] = {}
    for n, word in enumerate(kernel_words, 1):
        with _told_of(f"kernel {n}"):
            if not _is_named(word):
                found[n] = _read(word, dice)
    axes = max(len(tensor.shape.spatial) for tensor in (x, *found.values()))
    for n, word in enumerate(kernel_words, 1):
        with _told_of(f"kernel {n}"):
            if n not in found:
                found[n] = named_planes(word, axes)
    given = [found[n] for n in sorted(found)]
    return (x.as_image(), [one.as_image() for one in given]) if axes == 2 else (x, given)


@contextmanager
def _told_of(who: str) -> Iterator[None]:
    """Whatever is wrong inside is told of this one."""
    try:
        yield
    except CnncalcError as why:
        raise UsageError(f"{who}: {why}") from None


def _is_named(word: str) -> bool:
    """Whether a word can only name kernels, be they known or not."""
    is_name = re.fullmatch(r"[A-Za-z_][\w-]*(:\w*)?( ?\|.*)?", word.strip(), re.ASCII) is not None
    return is_name and not word.startswith("random") and not os.path.isfile(word)


def named_planes(word: str, axes: int) -> Tensor:
    """The named kernel, or for every channel one of the names between the bars."""
    check_count(word.count("|"))
    planes = [kernels.named(name.strip(), axes) for name in word.split("|")]
    first = planes[0]
    for one in planes:
        if one.shape != first.shape:
            raise UsageError(
                f"{one.name} is {one.shape} and {first.name} is {first.shape}; the planes of a "
                "kernel are equally large"
            )
    shape = Map(len(planes), first.shape.spatial)
    return Tensor(shape, tuple(one.planes[0] for one in planes), name=word.strip())


def _read(word: str, dice: Dice) -> Tensor:
    if word == "-":
        written = source.decoded(source.standard_input(), "standard input")
        return matrix.read(written, "standard input")
    if os.path.exists(word):
        return _from_file(Path(word))
    if word.startswith("random"):
        return _random(word, dice)
    if FILE.fullmatch(word.strip()) and not matrix.NUMBER.fullmatch(word.strip()):
        raise UsageError(f"{word[:200]!r} is neither a file nor numbers, as in '0 1; 2 3'")
    return matrix.read(word)


def _from_file(file: Path) -> Tensor:
    written = source.read_text(file)
    if file.suffix.lower() in YAML:
        tree = text.read(written, str(file), "a matrix is numbers in rows")
        return matrix.of(_as_written(tree), file.name)
    return matrix.read(written, file.name)


def _as_written(item: Item) -> Any:
    """Lists with their numbers as text: a float would not tell a long decimal's last digits."""
    if isinstance(item.value, list):
        return [_as_written(inner) for inner in item.value]
    return item.plain() if isinstance(item.value, dict) else item.text


def _random(word: str, dice: Dice) -> Tensor:
    """Whole numbers from 0 to 9 or between the bounds: a signal, an image, or one with channels."""
    match = RANDOM.fullmatch(word)
    sizes = [int(size) for size in match[1].split("x")] if match else []
    low, high = (int(match[2]), int(match[3])) if match and match[2] else (0, 9)
    if not sizes or min(sizes) < 1 or low > high:
        raise UsageError(
            f"random numbers are random:5x5 (H x W), random:3x5x5 (C x H x W) or random:9, with "
            f"bounds as random:5x5:-2..2, not {word[:60]!r}"
        )
    check_count(prod(sizes))
    channels, spatial = (sizes[0], sizes[1:]) if len(sizes) == 3 else (1, sizes)
    planes = tuple(
        tuple(dice.whole(low, high) for _ in range(prod(spatial))) for _ in range(channels)
    )
    return Tensor(Map(channels, tuple(spatial)), planes, name=dice.name)
