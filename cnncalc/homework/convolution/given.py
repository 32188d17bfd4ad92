"""The input and kernels of a convolution: files, standard input, text, random numbers or names.

``load`` opens any file that it is given. Read untrusted input with ``matrix.of`` instead.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from random import Random
from typing import Any

from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.core.shape import Layout, Map
from cnncalc.homework.convolution import kernels, matrix
from cnncalc.homework.convolution.matrix import Tensor, check_count
from cnncalc.spec import files, text
from cnncalc.spec.inputs import turned
from cnncalc.spec.text import Item

YAML = (".yaml", ".yml", ".json")
SIZE = "[0-9]{1,9}"
RANDOM = re.compile(rf"random:({SIZE}(?:x{SIZE}){{0,2}})(?::(-?{SIZE})\.\.(-?{SIZE}))?")
FILE = re.compile(r"[^\s;|,*\[\]]*[A-Za-z_][^\s;|,*\[\]]*")
"""A word with a letter, and nothing that separates numbers: a file name, or 1e5."""


class Dice(Random):
    """Random numbers, with a name that gives their seed."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.name = f"random, seed {seed}"

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included.

        It uses only ``random()``, which is the same in every version of Python.
        """
        return low + int(self.random() * (high - low + 1))


def load(
    input: str, kernel_words: Sequence[str], seed: int = 0, layout: Layout | None = None
) -> tuple[Tensor, list[Tensor]]:
    """Read the input and the kernels, all of them signals or all of them images.

    A word is a file, ``-`` for standard input, a matrix as ``matrix.read`` takes it, or
    ``random:5x5`` (numbers from 0 to 9; ``random:5x5:-2..2`` sets the range). A kernel may also be
    a name, or one name per channel: ``box | box``. With the ``layout`` hwc, nested lists and random
    numbers have their channels last. A UsageError says which word is wrong, and why.
    """
    dice = Dice(seed)
    return together(input, kernel_words, lambda word: _read(word, dice, layout), _is_named)


def together(
    input: Any,
    kernels: Sequence[Any],
    read: Callable[[Any], Tensor],
    is_name: Callable[[Any], bool],
) -> tuple[Tensor, list[Tensor]]:
    """The input and its kernels as tensors, all of them signals or all of them images.

    Named kernels become signals or images to match the others. A UsageError says which tensor is
    wrong.
    """
    with named_in_errors("the input"):
        x = read(input)
    found: dict[int, Tensor] = {}
    for n, kernel in enumerate(kernels, 1):
        with named_in_errors(f"kernel {n}"):
            if not is_name(kernel):
                found[n] = read(kernel)
    axes = max(len(tensor.shape.spatial) for tensor in (x, *found.values()))
    for n, kernel in enumerate(kernels, 1):
        with named_in_errors(f"kernel {n}"):
            if n not in found:
                found[n] = named_planes(kernel, axes)
    given = [found[n] for n in sorted(found)]
    return (x.as_image(), [one.as_image() for one in given]) if axes == 2 else (x, given)


@contextmanager
def named_in_errors(who: str) -> Iterator[None]:
    """Raise any CnncalcError from inside as a UsageError with this name in front."""
    try:
        yield
    except CnncalcError as why:
        raise UsageError(f"{who}: {why}") from None


def _is_named(word: str) -> bool:
    """Whether a word can only be the name of a kernel, known or not."""
    is_name = re.fullmatch(r"[A-Za-z_][\w-]*(:\w*)?( ?\|.*)?", word.strip(), re.ASCII) is not None
    return is_name and not word.startswith("random") and not os.path.isfile(word)


def named_planes(word: str, axes: int) -> Tensor:
    """The named kernel, or one named plane for every channel, separated by bars."""
    check_count(word.count("|"))
    planes = [kernels.named(name.strip(), axes) for name in word.split("|")]
    first = planes[0]
    for one in planes:
        if one.shape != first.shape:
            raise UsageError(
                f"{one.name} is {one.shape}, but {first.name} is {first.shape}; all planes of a "
                "kernel must have the same size"
            )
    shape = Map(len(planes), first.shape.spatial)
    return Tensor(shape, tuple(one.planes[0] for one in planes), name=word.strip())


def _read(word: str, dice: Dice, layout: Layout | None) -> Tensor:
    if word == "-":
        written = files.decoded(files.standard_input(), "standard input")
        return matrix.read(written, "standard input", layout)
    if os.path.exists(word):
        return from_file(Path(word), layout)
    if word.startswith("random"):
        return _random(word, dice, layout)
    if FILE.fullmatch(word.strip()) and not matrix.NUMBER.fullmatch(word.strip()):
        raise UsageError(f"{word[:200]!r} is neither a file nor a matrix such as '0 1; 2 3'")
    return matrix.read(word, "", layout)


def from_file(file: Path, layout: Layout | None) -> Tensor:
    """The matrix in a file; raises CnncalcError if it cannot be read."""
    written = files.read_text(file)
    if file.suffix.lower() in YAML:
        tree = text.read(written, str(file), "a matrix must be rows of numbers")
        return matrix.of(_as_written(tree), file.name, layout)
    return matrix.read(written, file.name, layout)


def _as_written(item: Item) -> Any:
    """Lists with their numbers as text, because a float would lose digits of a long decimal."""
    if isinstance(item.value, list):
        return [_as_written(inner) for inner in item.value]
    return item.plain() if isinstance(item.value, dict) else item.text


def _random(word: str, dice: Dice, layout: Layout | None) -> Tensor:
    """Whole numbers from 0 to 9 or between the bounds: a signal, or an image with or without
    channels."""
    match = RANDOM.fullmatch(word)
    sizes = [int(size) for size in match[1].split("x")] if match else []
    low, high = (int(match[2]), int(match[3])) if match and match[2] else (0, 9)
    if low > high:
        raise UsageError(f"the bounds {low}..{high} end before they begin; write {high}..{low}")
    if sizes and min(sizes) < 1:
        raise UsageError(f"a size must be at least 1, not 0 as in {word[:60]!r}")
    if not sizes:
        raise UsageError(
            "write random numbers as random:9, random:5x5 or, with channels, random:3x5x5, with "
            f"bounds as in random:5x5:-2..2, not {word[:60]!r}"
        )
    check_count(prod(sizes))
    if why := turned(sizes, layout):
        raise why
    if layout == "hwc" and len(sizes) == 3:
        sizes = [sizes[2], *sizes[:2]]
    channels, spatial = (sizes[0], sizes[1:]) if len(sizes) == 3 else (1, sizes)
    planes = tuple(
        tuple(dice.whole(low, high) for _ in range(prod(spatial))) for _ in range(channels)
    )
    return Tensor(Map(channels, tuple(spatial)), planes, name=dice.name)
