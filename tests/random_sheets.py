"""Random answer sheets, mostly nonsense: each must be graded or refused in one sentence.

python tests/random_sheets.py --sheets 20000 --seed 1
"""

import argparse
import random
import sys
import time

import yaml

from cnncalc.core.errors import CnncalcError
from cnncalc.homework import asks, feedback, feedback_formats, gradebook, sheet
from cnncalc.homework.marking import Marker
from cnncalc.spec import text

SLOWEST = 2.0
LAYERS = ("conv1", "pool1", "fc8", "totals", "Conv_1", "", "nothing", "3", "inception3a")
NETWORKS = ("alexnet", "lenet5", "unet", "1x28x28-20C5-MP2-10N", "vgg61")
KINDS = ("conv", "conv_transpose", "max_pool", "avg_pool", "linear", "batch_norm", "lstm", "relu")
SCALARS = (
    *("96x55x55", "34,944", "~62M", "0T", "0e99", "1e999", "9**9**9", "(11*11*3+1)*96", "yes"),
    *("no, 3 does not divide 4", "1 2; 3 4", "[[1, 2], [3, 4]]", "1/0", "-1", "½", "３４", "0x10"),
    *("", "-", "=1+1", "\u200b5\u200b", "\x1b[2J", "nan", "∞", "5²", "H=5, W=5, C=3", "1,2,3,4"),
    *("x" * 400, "(" * 200, "3x" * 90, "max:2", "relu", "gaussian:3", "zeros", "same", "b) 5"),
    *(0, 1, 3, -7, 10**30, 2.5, 1e300, True, False, None),
)
GIVEN = (
    *("input", "output", "layer", "batch", "dtype", "layers", "architecture", "kernel", "kernels"),
    *("bias", "mode", "flip", "activation", "pool", "stride", "padding", "N", "F", "S", "P", "D"),
)
FIELDS = ("filters", "kernel", "stride", "padding", "dilation", "groups", "bias", "out_features")
SHAPES = ("3x9x9", "1x28x28", [3, 9, 9], "16x15", 784, "3x8x8x8")


def value(dice: random.Random, depth: int = 2) -> object:
    """A scalar, or a small list or mapping of scalars."""
    luck = dice.random()
    if depth and luck < 0.1:
        return [value(dice, depth - 1) for _ in range(dice.randrange(4))]
    if depth and luck < 0.2:
        names = (*GIVEN, *FIELDS)
        return {dice.choice(names): value(dice, depth - 1) for _ in range(dice.randrange(3))}
    return dice.choice(SCALARS)


def sane(dice: random.Random, likely: object, odds: float = 0.8) -> object:
    """A value that is usually valid."""
    return likely if dice.random() < odds else value(dice)


def question(dice: random.Random) -> dict[str, object]:
    """A stand-alone question: a layer, a window, or a convolution with numbers."""
    fields = {name: sane(dice, dice.randrange(1, 4)) for name in dice.sample(FIELDS, 3)}
    given: dict[str, object] = dice.choice(
        (
            {dice.choice(KINDS): sane(dice, fields), "input": sane(dice, dice.choice(SHAPES))},
            {letter: sane(dice, dice.randrange(8)) for letter in "NFSP"},
            {"input": sane(dice, "0 1 2; 3 4 5; 6 7 8"), "kernel": sane(dice, "0 1; 2 3")},
        )
    )
    if dice.random() < 0.4:
        given[dice.choice(GIVEN)] = value(dice)
    ask = sane(dice, dice.choice(asks.names()))
    extra = {"points": value(dice)} if dice.random() < 0.1 else {}
    return {"given": sane(dice, given), "ask": ask, "answer": value(dice), **extra}


def tree(dice: random.Random) -> object:
    """A whole sheet."""
    answers = {
        dice.choice(LAYERS): sane(dice, {dice.choice(asks.names()): value(dice) for _ in range(2)})
        for _ in range(3)
    }
    found = {
        "architecture": sane(dice, dice.choice(NETWORKS), 0.95),
        "answers": sane(dice, answers, 0.95),
        "questions": sane(dice, [question(dice) for _ in range(2)], 0.95),
    }
    for name in ("student", "batch", "dtype", "input", "credit"):
        if dice.random() < 0.1:
            found[name] = value(dice)
    return found


def grade(source: str) -> bool:
    """Grade a sheet and write its pages; returns whether it could be read."""
    try:
        read = sheet.read(text.read(source, "a.yaml"))
        graded = gradebook.graded(Marker().sheet(read))
    except CnncalcError:
        return False
    for mark in graded.marks:
        remark = feedback.remark(mark)
        assert "cnncalc failed" not in remark, remark
        assert "could not be diagnosed" not in remark, remark
    for name in feedback_formats.names():
        assert feedback_formats.load(name).write(graded)
    return True


def check(sheets: int, seed: int) -> tuple[int, float]:
    """Grade many; returns how many could be read, and the longest time."""
    dice = random.Random(seed)
    could, slowest = 0, 0.0
    for number in range(sheets):
        source = yaml.safe_dump(tree(dice), allow_unicode=True)
        started = time.process_time()
        try:
            could += grade(source)
        except Exception as why:
            raise AssertionError(f"sheet {number} of seed {seed}:\n{source}") from why
        slowest = max(slowest, time.process_time() - started)
    return could, slowest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    could, slowest = check(given.sheets, given.seed)
    text = f"{given.sheets:,} sheets, {could:,} of them readable; the slowest took {slowest:.2f} s"
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
