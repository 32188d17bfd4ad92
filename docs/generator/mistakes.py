"""The page of all mistakes."""

import inspect

from cnncalc.cli.mistakes import asked, given
from cnncalc.homework import mistakes
from cnncalc.homework.mistake import Mistake
from generator.text import GENERATED, code, inline, prose, table

MEASURED = (
    "How well does this work? A script makes mistakes with its own arithmetic, independently of "
    "the package, and checks the diagnosis. This command tries 2,000 wrong answers, with each "
    "mistake about equally often, and preferably where no other mistake gives the same value; "
    "20,000 right answers in every notation, including the summaries of 20 networks as torchinfo, "
    "torchsummary and Keras print them; 1,000 answers with two mistakes; 300 sheets that continue "
    "from one wrong size; and 300 random numbers:",
    "```text\npython tests/homework_corpus.py --wrong 2000 --right 20000 --summaries --pairs 1000 "
    "--sheets 300 --numbers 300 --seed 1\n```",
    table(
        ("", "last result"),
        (
            ("wrong answers whose mistake is shown first", "1,997 of 2,000"),
            ("wrong answers whose mistake is among the first 3 shown", "2,000 of 2,000"),
            ("right answers marked wrong", "0 of 20,000"),
            ("right answers that cannot be read", "0 of 20,000"),
            ("right answers that come from pasted summaries", "3,508 of 20,000"),
            ("answers with two mistakes: both are among the first 3 pairs shown", "924 of 1,000"),
            ("answers with two mistakes: a single mistake gives the same value", "71 of 1,000"),
            ("sheets with every answer marked correctly", "300 of 300"),
            ("random numbers that get an explanation", "0 of 300"),
        ),
    ),
    "If several mistakes give the same value, nobody can tell which one it was, and the most "
    "likely comes first: 2.7 becomes 3 by rounding up and by rounding to nearest. The command "
    "lists these cases. If no mistake gives the value, none is suggested. Small values are never "
    "explained by two mistakes.",
    "The summaries come from torchinfo 1.8.0, torchsummary 1.5.1 and Keras 3.15.1, whose tables "
    "come in two widths; `python tests/homework_summaries.py` grades them alone. A tool that is "
    "not installed is left out.",
)


def page() -> str:
    """All known mistakes, each with an explanation and worked examples."""
    known = tuple(mistakes.every())
    head = [
        f"{GENERATED}# Mistakes",
        "The mistakes that grading recognizes. `cnncalc mistakes` lists them, and "
        "`cnncalc mistakes bias-forgotten` explains one. To find a mistake, cnncalc repeats the "
        "calculation with a wrong formula, or with a different layer, input, quantity or sum, and "
        "compares the result with the answer. The examples are worked by hand.",
        table(
            ("mistake", "what happened"),
            ((f"[{one.title}](#{anchor(one.title)})", inline(one.says)) for one in known),
        ),
        *MEASURED,
    ]
    return "\n\n".join([*head, *(part for one in known for part in _mistake(one))]) + "\n"


def anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return heading.lower().replace(" ", "-")


def _mistake(mistake: Mistake) -> list[str]:
    text = inspect.getdoc(type(mistake)) or ""
    headings = ("question", "given", "answer", "how it is computed")
    rows = ((asked(one), code(given(one)), one.wrong, inline(one.why)) for one in mistake.examples)
    return [f"## {mistake.title}", *prose(text), table(headings, rows)]
