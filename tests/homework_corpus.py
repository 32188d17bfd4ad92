"""Wrong answers that result from known mistakes, and right answers in many notations.

    python tests/homework_corpus.py --wrong 400 --right 10000 --seed 1
    python tests/homework_corpus.py --wrong 0 --right 20000 --summaries
    python tests/homework_corpus.py --wrong 0 --right 0 --pairs 400 --sheets 400 --numbers 400

With ``--summaries``, as many of the right answers as there are come from pasted summaries (see
``homework_summaries``). ``--pairs`` are answers with two mistakes, ``--sheets`` whole networks in
which one size is wrong and the rest follows from it, ``--numbers`` random numbers without any
mistake behind them.

Questions, truths and wrong values are those of ``homework_cases``, which shares no arithmetic with
the package; the package marks the answers. If the first diagnosis is not the stated mistake, the
report says whether it gives exactly the same value (the answer is ambiguous) or not (the diagnosis
is wrong).
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import homework_summaries
import yaml
from homework_cases import FAMILIES, Case, Given, Pair, Shape, Wrong, of_pair, of_sheet, whole

from cnncalc.api import summarize
from cnncalc.homework import asks, sheet
from cnncalc.homework.marking import Marker, Outcome
from cnncalc.homework.question import question
from cnncalc.spec import text as tree

# Wrong answers, marked.


class Answer(NamedTuple):
    """A wrong answer: its question, the value written, and the mistake behind it."""

    case: Case
    text: str
    mistake: str
    wrong: Wrong
    half: Decimal = Decimal(0)

    def also_by(self, mistake: str) -> bool:
        """Whether another mistake gives the same value at the digits written."""
        for other in self.case.wrong.get(mistake, ()):
            if self.wrong.unit not in ("", other.unit or self.case.unit):
                continue
            if other.value == self.wrong.value:
                return True
            if not isinstance(other.value, int) or not isinstance(self.wrong.value, int):
                continue
            if abs(other.value - self.wrong.value) <= self.half:
                return True
        return False


def wrong_answers(count: int, seed: int) -> Iterator[Answer]:
    """This many wrong answers, with each mistake about equally often, preferably in questions where
    no other mistake gives the same value."""
    rng = random.Random(seed)
    used: Counter[str] = Counter()
    made = 0
    while made < count:
        cases = [family(rng) for family in rng.sample(FAMILIES, 4)]
        rarest, case = min(
            ((mistake, case) for case in cases for mistake in sorted(case.wrong)),
            key=lambda pair: used[pair[0]] + SHARED * is_shared(*pair),
            default=("", None),
        )
        if case is not None:
            used[rarest] += 1
            made += 1
            yield written_wrong(case, rarest, rng.choice(case.wrong[rarest]), rng)


SHARED = 3
"""How many answers with a mistake are drawn before one that another mistake gives too."""


def is_shared(mistake: str, case: Case) -> bool:
    """Whether another mistake gives one of the values of this one."""
    values = [wrong.value for wrong in case.wrong[mistake]]
    others = (case.wrong[other] for other in case.wrong if other != mistake)
    return any(wrong.value in values for wrongs in others for wrong in wrongs)


def written_wrong(case: Case, mistake: str, wrong: Wrong, rng: random.Random) -> Answer:
    """A wrong value as written: exact, or sometimes rounded if it is large."""
    if isinstance(wrong.value, str):
        return Answer(case, wrong.value, mistake, wrong)
    if isinstance(wrong.value, tuple):
        return Answer(case, "x".join(map(str, wrong.value)), mistake, wrong)
    unit = f" {wrong.unit}" if wrong.unit else ""
    if wrong.value >= 100_000 and rng.random() < 0.2:
        text, half = rounded(wrong.value, 1000, rng.choice([1, 2]), rng)
        if abs(wrong.value - whole(case)) > 2.5 * float(half):  # cannot be the right value
            return Answer(case, f"{text}{wrong.unit}", mistake, wrong, half)
    text = f"{wrong.value:,}" if rng.random() < 0.5 else str(wrong.value)
    return Answer(case, text + unit, mistake, wrong)


def rounded(value: int, kilo: int, decimals: int, rng: random.Random) -> tuple[str, Decimal]:
    """``34.9K``, and half a unit of its last digit."""
    power = 0
    while Decimal(value) / kilo ** (power + 1) >= 1 and power < 3:
        power += 1
    place = Decimal(1).scaleb(-decimals)
    how = rng.choice([ROUND_HALF_UP, ROUND_HALF_EVEN])
    digits = (Decimal(value) / kilo**power).quantize(place, how)
    return f"{digits}{' KMG'[power].strip()}", place / 2 * kilo**power


class Found(NamedTuple):
    """The diagnosis of an answer: the first, second and third mistakes."""

    answer: Answer
    names: tuple[tuple[str, ...], ...]

    @property
    def first(self) -> bool:
        return self.names[:1] == ((self.answer.mistake,),)

    @property
    def among_three(self) -> bool:
        return (self.answer.mistake,) in self.names

    @property
    def ambiguous(self) -> bool:
        """Whether the first mistake reported gives the same value, by the arithmetic in this
        file."""
        others = [names[0] for names in self.names[:1] if len(names) == 1]
        return not self.first and any(map(self.answer.also_by, others))


def question_of(given: Given) -> Any:
    """The question, built by the package."""
    report = summarize(given.network, batch=given.batch)
    return question(asks.find(given.ask), report, given.layer)


def diagnose(answer: Answer) -> Found:
    """The package's diagnosis of a wrong answer."""
    asked = question_of(answer.case.given)
    mark = Marker().mark(asked, answer.text)
    assert mark.outcome is Outcome.WRONG, (answer, mark.outcome, mark.why)
    return Found(
        answer,
        tuple(tuple(one.name for one in found.slip.mistakes) for found in mark.diagnoses),
    )


class Score(NamedTuple):
    """How many answers were diagnosed, and how well."""

    answers: int
    first: int
    among_three: int
    ambiguous: tuple[Found, ...]
    missed: tuple[Found, ...]

    @property
    def plain(self) -> int:
        """Answers that only one mistake gives, or whose mistake comes first anyway."""
        return self.answers - len(self.ambiguous)

    @property
    def good(self) -> bool:
        """Whether the actual mistake comes first, and nearly always among the first three."""
        return self.first >= 0.95 * self.plain and self.among_three >= 0.99 * self.answers


def score(count: int, seed: int) -> Score:
    """The diagnoses of this many wrong answers."""
    found = [diagnose(answer) for answer in wrong_answers(count, seed)]
    return Score(
        len(found),
        sum(one.first for one in found),
        sum(one.among_three for one in found),
        tuple(one for one in found if one.ambiguous),
        tuple(one for one in found if not one.first and not one.ambiguous),
    )


# Two mistakes, whole sheets, and meaningless numbers.


class PairScore(NamedTuple):
    """How many answers with two mistakes were diagnosed in each way: the pair comes first, the pair
    is among the first three, a single mistake gives the same value, another pair does, or none of
    these."""

    answers: int
    first: int
    among_three: int
    single: int
    same: int
    missed: tuple[tuple[Case, Pair, str, object], ...]


def score_pairs(count: int, seed: int) -> PairScore:
    """The diagnoses of this many answers with two mistakes."""
    rng = random.Random(seed)
    reported: Counter[str] = Counter()
    missed = []
    for _ in range(count):
        case, pair, value, same = of_pair(rng)
        text = "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
        mark = Marker().mark(question_of(case.given), text)
        names = [tuple(one.name for one in found.slip.mistakes) for found in mark.diagnoses]
        kinds = [_kind_of(each, case, value, frozenset({pair}), same) for each in names]
        reported["first"] += kinds[:1] == ["stated"]
        reported["among three"] += "stated" in kinds
        reported[kinds[0] if kinds else "missed"] += 1
        if mark.outcome is not Outcome.WRONG or not {"stated", "single", "same"} & {*kinds}:
            missed.append((case, pair, text, names))
    counts = (reported[kind] for kind in ("first", "among three", "single", "same"))
    return PairScore(count, *counts, tuple(missed))


def _kind_of(
    names: tuple[str, ...],
    case: Case,
    value: object,
    stated: frozenset[Pair],
    same: frozenset[Pair],
) -> str:
    """How a diagnosis relates to the stated pair, by the arithmetic of the cases."""
    pairs = {frozenset(pair) for pair in stated}
    if frozenset(names) in pairs:
        return "stated"
    if len(names) == 1:
        gives = [wrong.value for wrong in case.wrong.get(names[0], ())]
        return "single" if value in gives else "missed"
    return "same" if frozenset(names) in {frozenset(pair) for pair in same} else "other pair"


class SheetScore(NamedTuple):
    """The number of sheets, and every answer that was marked incorrectly: its layer, its quantity,
    the answer and its mark."""

    sheets: int
    answers: int
    following: int
    mistake_among_three: int
    failed: tuple[tuple[object, str, str, object, str], ...]


def score_sheets(count: int, seed: int) -> SheetScore:
    """The marks of whole networks in which one size is wrong and the rest follows from it."""
    rng = random.Random(seed)
    answers = following = among_three = 0
    failed = []
    for _ in range(count):
        made = of_sheet(rng)
        written = yaml.safe_dump(
            {"architecture": made.network, "answers": made.answers}, sort_keys=False
        )
        marked = Marker().sheet(sheet.read(tree.read(written, "answers.yaml")))
        quantities = [(layer, ask) for layer, asked in made.answers.items() for ask in asked]
        for mark, (layer, ask) in zip(marked.marks, quantities, strict=True):
            answer = made.answers[layer][ask]
            right = answer == made.truths[layer][ask]
            wrong = (layer, ask) == (made.wrong, "shape")
            due = Outcome.RIGHT if right else Outcome.WRONG if wrong else Outcome.FOLLOWS
            answers += 1
            following += due is Outcome.FOLLOWS
            if mark.outcome is not due:
                failed.append((made.network, layer, ask, answer, mark.outcome.value))
            elif wrong:
                reported = [one.slip.mistakes[0].name for one in mark.diagnoses]
                among_three += made.mistake in reported
    return SheetScore(count, answers, following, among_three, tuple(failed))


def explained_numbers(count: int, seed: int) -> list[tuple[Case, str, str]]:
    """How many of this many random numbers get an explanation, and which. They lie between half and
    twice a true value above 1,000; no mistake is behind them, so hardly any should be explained."""
    rng = random.Random(seed)
    explained = []
    while count > 0:
        case = rng.choice(FAMILIES)(rng)
        if isinstance(case.truth, tuple) or whole(case) < 1000:
            continue
        text = str(rng.randint(whole(case) // 2, 2 * whole(case)))
        mark = Marker().mark(question_of(case.given), text)
        count -= 1
        if mark.diagnoses:
            explained.append((case, text, mark.diagnoses[0].slip.says))
    return explained


# Right answers in every notation.


def right_answers(count: int, seed: int) -> Iterator[tuple[Case, str]]:
    """This many right answers, each in some notation."""
    rng = random.Random(seed)
    for _ in range(count):
        if rng.random() < 0.05:
            yield legality(rng)
        else:
            case = rng.choice(FAMILIES)(rng)
            yield case, written_right(case, rng)


def legality(rng: random.Random) -> tuple[Case, str]:
    """Whether a stride is legal."""
    n, f, s, p = rng.randint(5, 60), rng.randint(1, 5), rng.randint(1, 5), rng.randint(0, 2)
    legal = (n - f + 2 * p) % s == 0
    fields = {"filters": 1, "kernel": f, "stride": s, "padding": p}
    network = {"input": f"1x{n}x{n}", "layers": [{"conv": fields, "name": "layer"}]}
    words = ["yes", "Yes", "legal", "Legal.", "true", "it fits", "yes, it divides"]
    if not legal:
        words = ["no", "No.", "illegal", "Illegal!", "not legal", "false", "does not fit"]
        words += [f"no, {s} does not divide it", "illegal (a fraction)", "it doesn't fit"]
    return Case(Given(network, "stride_legal", "layer"), legal), rng.choice(words)


def written_right(case: Case, rng: random.Random) -> str:
    """A right value as a person might write it."""
    if isinstance(case.truth, tuple):
        ordered = case.given.ask.startswith("im2col")  # the sides of a matrix
        return written_shape(case.truth, rng, ordered)
    value = whole(case)
    writings = [str(value), f"{value:,}", f"{value:_}", f"{value:,}".replace(",", " "), f"+{value}"]
    writings += [f"{value:,}".replace(",", "'"), f"{value}.0", f"= {value}", f"~{value}"]
    if case.unit:
        writings += [
            f"{value} {case.unit}",
            f"{value:,}{case.unit}",
            f"{value} {case.unit.lower()}",
        ]
    if case.working:
        by_hand = case.working
        writings += [by_hand, by_hand.replace("*", " × "), by_hand.replace("*", "·")]
        writings += [f"{by_hand} = {value:,}", f"{by_hand}={value}", f"{by_hand} ≈ {value}"]
        writings += [by_hand.replace("*", "x"), by_hand.replace("(", "[").replace(")", "]")]
    if value >= 1000:
        for kilo in (1000, 1024):
            text, _ = rounded(value, kilo, rng.choice([0, 1, 2, 3]), rng)
            text = text.lower() if rng.random() < 0.3 else text
            about = rng.choice(["", "~", "≈ ", "about ", "approx. "])
            unit = rng.choice(["", case.unit, f" {case.unit}"])
            writings += [f"{about}{text}{unit}"] * 3
        words = {1: "thousand", 2: "million", 3: "billion"}
        power = min(len(str(value)) - 1, 9) // 3
        decimals = rng.choice([0, 1, 2])
        digits = round(Decimal(value) / 1000**power, decimals)
        writings += [f"{digits} {words[power]}"] * 2
        size = len(str(value)) - 1
        mantissa = round(Decimal(value) / 10**size, rng.choice([1, 2, 3]))
        writings += [f"{mantissa}e{size}", f"{mantissa}E+{size}", f"{mantissa} × 10^{size}"]
        writings += [f"{mantissa}*10**{size}", f"{value:,} ({digits} {words[power]})"]
    if case.unit == "B":
        writings += binary_and_bits(value, rng) * 2
    return rng.choice(writings)


def binary_and_bits(value: int, rng: random.Random) -> list[str]:
    """Bytes in KiB and MiB, in bits, and in words."""
    text, _ = rounded(value, 1024, rng.choice([1, 2]), rng)
    binary = f"{text}iB" if text[-1] in "KMG" else f"{text} B"
    in_kb = round(Decimal(value) / 1000, rng.choice([1, 2, 3]))
    return [binary, f"{value * 8} bits", f"{value} bytes", f"{in_kb} kB", f"{in_kb} kilobytes"]


def written_shape(shape: Shape, rng: random.Random, ordered: bool = False) -> str:
    """A shape with various separators; unless it is ``ordered``, in some order and perhaps with the
    batch size first."""
    sizes = list(shape)
    if not ordered and len(sizes) > 1 and rng.random() < 0.4:
        sizes = [*sizes[1:], sizes[0]]
    if not ordered and len(sizes) > 1 and rng.random() < 0.2:
        sizes = [1, *sizes]
    between = rng.choice(["x", "×", " x ", "*", "·", ",", ", ", " × ", "X"])
    text = between.join(map(str, sizes))
    if len(shape) > 1 and sizes[0] == shape[0] and rng.random() < 0.1:
        text = f"{sizes[0]}@{'x'.join(map(str, sizes[1:]))}"
    left, right = rng.choice([("", ""), ("", ""), ("(", ")"), ("[", "]")])
    return left + text + right


def wrongly_marked(count: int, seed: int) -> list[tuple[Case, str, str]]:
    """The right answers that are not marked right, and their remarks."""
    failed = []
    for case, text in right_answers(count, seed):
        mark = Marker().mark(question_of(case.given), text)
        if mark.outcome is not Outcome.RIGHT:
            failed.append((case, text, f"{mark.outcome.value} {mark.why}"))
    return failed


def report_of_right(given: argparse.Namespace) -> tuple[bool, list[str]]:
    """Whether all right answers are marked right, and the lines that report it."""
    summaries = [*homework_summaries.pasted()] if given.summaries else []
    failed = [
        (outcome, f"{answer!r} for {label} of {name} by {tool}")
        for tool, name, label, outcome, answer in summaries
        if outcome != "right"
    ]
    for case, text, why in wrongly_marked(given.right - len(summaries), given.seed):
        outcome, _, reason = why.partition(" ")
        failed.append((outcome, f"{text!r} for {case.truth} {case.unit}: {reason} {case.given}"))
    counts = Counter(outcome for outcome, _ in failed)
    others = len(failed) - counts["wrong"] - counts["unreadable"]
    lines = [
        f"{given.right} right answers, {len(summaries)} of them in pasted summaries: "
        f"{counts['wrong']} marked wrong, {counts['unreadable']} unreadable, {others} otherwise "
        "not right"
    ]
    return not failed, [*lines, *(f"  {outcome}: {what}" for outcome, what in failed[:20])]


def report_of(got: Score) -> Iterator[str]:
    """The lines that report a score."""
    yield f"{got.answers} wrong answers from stated mistakes"
    yield f"  stated mistake first:        {got.first} ({got.first / got.answers:.1%})"
    yield f"  among the first three:       {got.among_three} ({got.among_three / got.answers:.1%})"
    yield f"  ambiguous (the same value):  {len(got.ambiguous)}"
    yield f"  first, of the others:        {got.first}/{got.plain} ({got.first / got.plain:.1%})"
    kinds = Counter((one.answer.mistake, one.names[0][0]) for one in got.ambiguous)
    for (stated, reported), number in kinds.most_common():
        yield f"    {number} from {stated} reported as {reported}"
    for one in got.missed:
        yield f"  missed: {one.answer.mistake}, reported {one.names}: {one.answer.text}"
        yield f"    {one.answer.case.given}"


def report_of_others(given: argparse.Namespace) -> tuple[bool, list[str]]:
    """Whether pairs, sheets and numbers are marked well enough, and the lines that report it; empty
    for those that were not requested."""
    good, lines = True, []
    if given.pairs:
        two = score_pairs(given.pairs, given.seed)
        good &= not two.missed
        lines.append(
            f"{two.answers} answers from two mistakes: {two.first} with both mistakes first, "
            f"{two.among_three} with both among the first three, {two.single} explained by one "
            f"mistake and {two.same} by two others that give the same value; "
            f"{len(two.missed)} missed"
        )
        lines += [
            f"  missed: {pair}, reported {names}: {text} {case.given}"
            for case, pair, text, names in two.missed[:20]
        ]
    if given.sheets:
        whole_ones = score_sheets(given.sheets, given.seed)
        good &= not whole_ones.failed
        lines.append(
            f"{whole_ones.sheets} sheets of {whole_ones.answers} answers with one wrong size: its "
            f"mistake is named {whole_ones.mistake_among_three} times, {whole_ones.following} "
            f"answers follow from it; {len(whole_ones.failed)} marked incorrectly"
        )
        lines += [f"  marked incorrectly: {one}" for one in whole_ones.failed[:20]]
    if given.numbers:
        found = explained_numbers(given.numbers, given.seed)
        good &= len(found) <= 0.02 * given.numbers
        lines.append(f"{given.numbers} random numbers, {len(found)} explained by some mistake")
        lines += [f"  {text} for {case.truth}: {says}" for case, text, says in found]
    return good, lines


def main() -> int:
    """Print the figures; the exit code is 1 if they are not good enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", type=int, default=400)
    parser.add_argument("--right", type=int, default=10_000)
    parser.add_argument("--summaries", action="store_true")
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--sheets", type=int, default=0)
    parser.add_argument("--numbers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    got, all_right = score(given.wrong, given.seed), True
    lines = [*report_of(got)] if given.wrong else []
    if given.right:
        all_right, more = report_of_right(given)
        lines += more
    good, more = report_of_others(given)
    sys.stdout.write("\n".join([*lines, *more]) + "\n")
    return 0 if got.good and good and all_right else 1


if __name__ == "__main__":
    sys.exit(main())
