"""Measure how long it takes to grade a class, with thirty answers in each submission."""

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cnncalc
from cnncalc.analysis.report import Row
from cnncalc.core.shape import Map

ANSWERS = 30
QUANTITIES = ("shape", "params", "macs")


def rows() -> list[Row]:
    """The first layers of VGG-16, three questions each."""
    return [row for row in cnncalc.summarize("vgg16") if isinstance(row.output, Map)][
        1 : ANSWERS // len(QUANTITIES) + 1
    ]


def shape(dice: random.Random, row: Row) -> str:
    """An answer for a shape: usually right, otherwise off by one or random."""
    luck = dice.random()
    channels, size = row.output.dimensions[:2]
    if luck > 0.8:
        size -= 1
    if luck > 0.95:
        size = dice.randrange(1, 300)
    sizes = (channels, size, size) if dice.random() < 0.5 else (size, size, channels)
    return "x".join(map(str, sizes))


def count(dice: random.Random, row: Row, quantity: str) -> str:
    """An answer for a count: usually right, otherwise a common mistake or random."""
    right = getattr(row.cost, quantity)
    luck = dice.random()
    if luck < 0.7:
        return dice.choice((str(right), f"{right:,}", f"{right / 10**6:.4f}M"))
    if luck < 0.9:
        slips = (right - row.cost.biases, right + 1) if quantity == "params" else (right * 2,)
        return f"{dice.choice(slips):,}"
    return str(dice.randrange(10**9))


def sheet(dice: random.Random, asked: list[Row]) -> str:
    """The submission of one student."""
    lines = ["answers:"]
    for row in asked:
        given = {"shape": shape(dice, row)}
        given |= {quantity: count(dice, row, quantity) for quantity in QUANTITIES[1:]}
        listed = (f"{quantity}: '{text}'" for quantity, text in given.items())
        lines.append(f"  {row.name}: {{{', '.join(listed)}}}")
    return "\n".join(lines) + "\n"


def write(folder: Path, submissions: int, seed: int) -> None:
    """Write the key and the submissions."""
    dice = random.Random(seed)
    asked = rows()
    empty = ": , ".join(QUANTITIES)
    key = [f"  {row.name}: {{{empty}: }}" for row in asked]
    (folder / "key.yaml").write_text("\n".join(["architecture: vgg16", "answers:", *key]) + "\n")
    (folder / "submissions").mkdir()
    for number in range(submissions):
        file = folder / "submissions" / f"student{number:05}.yaml"
        file.write_text(sheet(dice, asked))


def machine() -> str:
    """The machine: its Python, system, processors and load."""
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} processors{busy}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, given.submissions, given.seed)
        before, started = os.times(), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "cnncalc", "grade", "key.yaml", "submissions"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        seconds, after = time.perf_counter() - started, os.times()
    worked = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    print(
        f"{given.submissions:,} submissions of {ANSWERS} answers: {seconds:.1f} s as a whole "
        f"process, {worked:.1f} s of processor time, "
        f"{worked / given.submissions / ANSWERS * 1e3:.2f} ms an answer ({machine()})"
    )


if __name__ == "__main__":
    main()
