"""Random convolutions with numbers, and the wrong matrices of mistakes, computed by plain loops
that share nothing with the package."""

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

Rows = list[list[Fraction]]


class Work(NamedTuple):
    """An image, a kernel with its factor, and the steps applied to them."""

    image: Rows
    kernel: Rows
    divisor: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    bias: int = 0
    flip: bool = False
    relu: bool = False
    pool: str = ""

    @property
    def given(self) -> dict[str, object]:
        """The question as a sheet writes it."""
        factor = f"1/{self.divisor} * " if self.divisor > 1 else ""
        return {
            "input": written(self.image),
            "kernel": factor + written(self.kernel),
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "flip": self.flip,
            **({"bias": self.bias} if self.bias else {}),
            **({"activation": "relu"} if self.relu else {}),
            **({"pool": f"{self.pool}:2"} if self.pool else {}),
        }


def written(rows: Rows) -> str:
    return "; ".join(" ".join(map(str, row)) for row in rows)


def worked(work: Work) -> Rows:
    """Window by window."""
    kernel = [row[::-1] for row in work.kernel[::-1]] if work.flip else work.kernel
    zeros = [Fraction(0)] * work.padding
    width = len(work.image[0]) + 2 * work.padding
    above = [[Fraction(0)] * width for _ in range(work.padding)]
    x = [*above, *([*zeros, *row, *zeros] for row in work.image), *above]
    size, d = len(kernel), work.dilation
    last = len(x) - d * (size - 1)
    u = []
    for top in range(0, last, work.stride):
        row = []
        for left in range(0, width - d * (size - 1), work.stride):
            cells = [(a, b) for a in range(size) for b in range(size)]
            total = sum(x[top + d * a][left + d * b] * kernel[a][b] for a, b in cells)
            value = total / work.divisor + work.bias
            row.append(max(value, Fraction(0)) if work.relu else value)
        u.append(row)
    if not work.pool:
        return u
    z = []
    for top in range(0, len(u) - 1, 2):
        row = []
        for left in range(0, len(u[0]) - 1, 2):
            cells = [u[top + a][left + b] for a in (0, 1) for b in (0, 1)]
            row.append(max(cells) if work.pool == "max" else sum(cells) / 4)
        z.append(row)
    return z


MISTAKES = {
    "activation_forgotten": lambda work: work._replace(relu=False),
    "dilation_ignored": lambda work: work._replace(dilation=1),
    "kernel_factor_forgotten": lambda work: work._replace(divisor=1),
    "kernel_flipped": lambda work: work._replace(flip=not work.flip),
    "maximum_for_mean": lambda work: work._replace(
        pool={"max": "avg", "avg": "max", "": ""}[work.pool]
    ),
    "padding_forgotten": lambda work: work._replace(padding=0),
    "pooling_skipped": lambda work: work._replace(pool=""),
    "stride_forgotten": lambda work: work._replace(stride=1),
    "sums_without_bias": lambda work: work._replace(bias=0),
}
"""The result of each mistake."""


def random_work(rng: random.Random) -> Work:
    image = [[Fraction(rng.randint(0, 9)) for _ in range(7)] for _ in range(7)]
    kernel = [[Fraction(rng.choice([-2, -1, 1, 2, 4])) for _ in range(3)] for _ in range(3)]
    pool = rng.choice(["", "max", "avg"])
    return Work(
        image,
        kernel,
        divisor=rng.choice([1, 1, 7, 9]),
        stride=1
        if pool
        else rng.choice([1, 2]),  # otherwise the pool's stride would be forgotten too
        padding=rng.choice([0, 1]),
        dilation=rng.choice([1, 2]),
        bias=rng.choice([0, 3, -5]),
        flip=rng.choice([False, True]),
        relu=rng.choice([False, True]),
        pool=pool,
    )


def wrong_answers(count: int, seed: int) -> Iterator[tuple[Work, str, Rows]]:
    """A question, a mistake, and its matrix, which no other mistake gives."""
    rng = random.Random(seed)
    made = 0
    while made < count:
        work = random_work(rng)
        right = worked(work)
        all_wrong = {name: worked(change(work)) for name, change in MISTAKES.items()}
        name = rng.choice(sorted(MISTAKES))
        wrong = all_wrong[name]
        if wrong and wrong != right and list(all_wrong.values()).count(wrong) == 1:
            made += 1
            yield work, name, wrong
