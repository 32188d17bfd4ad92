"""How long a class takes to grade: submissions of thirty answers, right and wrong in many ways."""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cnncalc

ANSWERS = 30


BIASES = {row.name: row.cost.biases for row in cnncalc.summarize("vgg16")}


def questions() -> list[tuple[str, str, int]]:
    """Thirty questions about VGG-16: layer, quantity, and the right number."""
    learned = [row for row in cnncalc.summarize("vgg16") if row.cost.params]
    asked = [
        (row.name, quantity, getattr(row.cost, quantity))
        for row in learned
        for quantity in ("params", "macs")
    ]
    return asked[:ANSWERS]


def answer(dice: random.Random, layer: str, quantity: str, right: int) -> str:
    """What a student may write: mostly right, else a common slip, or any number."""
    luck = dice.random()
    if luck < 0.7:
        return dice.choice((str(right), f"{right:,}", f"{right / 10**6:.4f}M"))
    if luck < 0.9:
        bias = BIASES[layer]
        slips = (right - bias, right + 1) if quantity == "params" else (right * 2, right + bias)
        return f"{dice.choice(slips):,}"
    return str(dice.randrange(10**9))


def write(folder: Path, submissions: int, seed: int) -> None:
    """The key and the submissions."""
    dice = random.Random(seed)
    asked = questions()

    def sheet(value) -> str:
        by_layer: dict[str, list[str]] = {}
        for layer, quantity, right in asked:
            given = value(layer, quantity, right)
            by_layer.setdefault(layer, []).append(f"{quantity}: '{given}'")
        lines = (f"  {layer}: {{{', '.join(given)}}}" for layer, given in by_layer.items())
        return "answers:\n" + "\n".join(lines) + "\n"

    (folder / "key.yaml").write_text("architecture: vgg16\n" + sheet(lambda *one: one[2]))
    (folder / "handed-in").mkdir()
    for number in range(submissions):
        text = sheet(lambda *one: answer(dice, *one))
        (folder / "handed-in" / f"student{number:05}.yaml").write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, given.submissions, given.seed)
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "cnncalc", "grade", "key.yaml", "handed-in"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        seconds = time.perf_counter() - started
    print(
        f"{given.submissions:,} submissions of {ANSWERS} answers: {seconds:.1f} s as a whole "
        f"process, {seconds / given.submissions / ANSWERS * 1e3:.2f} ms an answer"
    )


if __name__ == "__main__":
    main()
