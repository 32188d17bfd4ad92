"""Random scores of a classifier, and the wrong results of mistakes, as textbooks define them."""

import math
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

SOFTMAX = {
    "exponential_forgotten": lambda z: [one / sum(z) for one in z],
    "sum_of_exponentials_forgotten": lambda z: [math.exp(one) for one in z],
}
LOSS = {
    "logarithm_base": lambda p, k: -math.log2(p[k]),
    "loss_sign_forgotten": lambda p, k: math.log(p[k]),
    "wrong_class": lambda p, k: -math.log(p[k - 1]),
}
"""The result of each mistake, of logits z, or of probabilities p and the right class k."""


class Answer(NamedTuple):
    """A question, its right answer, a mistake and its wrong answer."""

    given: dict[str, Any]
    ask: str
    right: str
    mistake: str
    wrong: str


def answers(count: int, seed: int) -> Iterator[Answer]:
    """This many questions, each mistake in turn."""
    rng = random.Random(seed)
    names = [*SOFTMAX, *LOSS]
    while count > 0:
        mistake = names[count % len(names)]
        z = [rng.randint(1, 40) / 10 for _ in range(rng.randint(2, 5))]
        p = [math.exp(one) / sum(map(math.exp, z)) for one in z]
        k = rng.randrange(len(z))
        if len({*z}) < len(z) or min(p) < 0.01:
            continue
        count -= 1
        if mistake in SOFTMAX:
            yield Answer({"logits": z}, "softmax", row(p), mistake, row(SOFTMAX[mistake](z)))
            continue
        target = [int(place == k) for place in range(len(z))]
        right, wrong = f"{-math.log(p[k]):.4f}", f"{LOSS[mistake](p, k):.4f}"
        yield Answer({"logits": z, "target": target}, "cross_entropy", right, mistake, wrong)


def row(numbers: list[float]) -> str:
    """The numbers with four decimals."""
    return " ".join(f"{one:.4f}" for one in numbers)
