"""An answer sheet: who answers, about which network, and what, each answer with its place.

    student: Ada
    architecture: alexnet          # a built-in, a path, the one-line notation, or a spec
    answers:
      conv1: {shape: 96x55x55, params: 34,848}
      totals: {params: ~62M}
    questions:                     # free-standing
      - given: {conv: {filters: 10, kernel: 5, padding: 2}, input: 3x32x32}
        ask: params
        answer: 750

What is wrong with one answer is kept with it, and never stops the others.
"""

import os
import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple

from cnncalc.api import summarize
from cnncalc.errors import CnncalcError, Mistakes, SpecError, UsageError, Where, did_you_mean
from cnncalc.homework import asks, numeric, sheets, window
from cnncalc.homework.ask import Ask
from cnncalc.homework.question import Question, label_of, question
from cnncalc.report import Report
from cnncalc.spec.document import describe
from cnncalc.spec.text import Item, Key

NEEDED = "an answer sheet needs 'answers' or 'questions'"
TOP = {
    "student": "who answers",
    "architecture": "the network: a built-in, a path, the notation, or a spec",
    "batch": "images at a time",
    "dtype": "the type of its numbers",
    "answers": "by layer (totals: of the network) and quantity",
    "questions": "free-standing questions, each with given, ask and answer",
}
"""The keys of a sheet and what they hold."""
FREE = ("name", "given", "ask", "choices", "points", "tolerance", "answer")
MOST_NAMED = 200
TOTALS = ("totals", "total", "network")
ONE = "layer"
"""What the layer of a free-standing question is called."""


class Answer(NamedTuple):
    """One answer: to which question, what is written (None: nothing), and where.

    ``problem`` says why there is no question, where there is none; of ``choices``, the first may be
    answered as ``a``. ``points`` is what it is worth, ``tolerance`` how far off, as a part of the
    truth, it may be (None: as the terms of the marking say).
    """

    label: str
    question: Question | None
    given: Any
    where: Where
    problem: str = ""
    choices: tuple[Any, ...] = ()
    points: Fraction = Fraction(1)
    tolerance: Fraction | None = None

    def chosen(self, given: Any) -> Any:
        """What is given, or the choice that it is the letter of."""
        letters = dict(zip(ascii_lowercase, self.choices))
        return letters.get(given.strip(" ().").lower(), given) if isinstance(given, str) else given


class Sheet(NamedTuple):
    """A sheet as it was read; ``report`` is of its network, where it has one."""

    student: str
    answers: tuple[Answer, ...]
    report: Report | None
    source: str


def load(target: str | os.PathLike[str], key: Sheet | None = None) -> Sheet:
    """The sheet in a file; raises SpecError or UsageError where it cannot be used at all.

    With a ``key`` its questions are asked, and nothing else of the sheet is obeyed than its student
    and its answers: a submission cannot make other files be read.
    """
    file = Path(target)
    return read(sheets.read(file), file.stem, key)


def read(root: Item, student: str = "", key: Sheet | None = None) -> Sheet:
    """The sheet of a tree; its student is called so unless it says otherwise."""
    top = _mapping(root, "an answer sheet", TOP)
    if not {"answers", "questions"} & {*top}:
        raise SpecError(NEEDED, root.where)
    name = top.get(Key("student"))
    if name is not None and name.value is not None:
        student = str(name.plain())[:MOST_NAMED]
    source = root.where.source
    if key is not None:
        return Sheet(student, tuple(_to_questions_of(key, top, source)), key.report, source)
    report = _report(top) if "architecture" in top else None
    answers = [*_of_network(top.get(Key("answers")), report), *_free(top.get(Key("questions")))]
    return Sheet(student, tuple(answers), report, source)


def _to_questions_of(key: Sheet, top: dict[Key, Item], source: str) -> Iterator[Answer]:
    """The answers to a key's questions, in its order (None where there is none), and then those
    that nobody asked for."""
    given = dict(_given(top))
    for asked in key.answers:
        item = given.pop(asked.label, None)
        own = None if item is None else asked.chosen(written(item))
        yield asked._replace(given=own, where=item.where if item else Where(source))
    labels = [asked.label for asked in key.answers]
    for label, item in given.items():
        if item.value is not None:
            why = f"was not asked{did_you_mean(label, labels)}"
            yield Answer(label, None, written(item), item.where, why)


def _given(top: dict[Key, Item]) -> Iterator[tuple[str, Item]]:
    """What is answered, by the label of the question that it answers."""
    answers, questions = top.get(Key("answers")), top.get(Key("questions"))
    if answers is not None and answers.value is not None:
        for layer, quantities in _mapping(answers, "'answers'").items():
            named = quantities.value if isinstance(quantities.value, dict) else {}
            for word, item in named.items():
                yield _label(layer, word), item
    for number, one in enumerate(_listed(questions), 1):
        keys = one.value if isinstance(one.value, dict) else {}
        name = keys.get(Key("name"))
        label = str(name.plain()) if name else f"question {number}"
        yield label, keys.get(Key("answer"), Item(None, one.where))


def _label(layer: str, word: str) -> str:
    """The label of a question about a network; the words themselves where nothing is so called."""
    try:
        return label_of(None if layer in TOTALS else layer, asks.find(word))
    except UsageError:
        return f"{layer} {word}"


def _listed(item: Item | None) -> list[Item]:
    """The entries of ``questions``."""
    if item is None or item.value is None:
        return []
    if not isinstance(item.value, list):
        raise SpecError(f"'questions' is a list, not {describe(item)}", item.where)
    return item.value


def written(item: Item) -> Any:
    """An answer without places; a decimal as its text, which tells its last digit."""
    if isinstance(item.value, list):
        return [written(inner) for inner in item.value]
    return item.text if isinstance(item.value, float) else item.plain()


def _mapping(item: Item, what: str, known: Any = None) -> dict[Key, Item]:
    """The item as a mapping, with known keys where there are such."""
    if not isinstance(item.value, dict):
        raise SpecError(f"{what} is a mapping, not {describe(item)}", item.where)
    for name in item.value if known is not None else ():
        if name not in known:
            hint = did_you_mean(name, known) or f"; it has {', '.join(known)}"
            raise SpecError(f"{what} has no key {name[:60]!r}{hint}", name.where)
    return item.value


def _report(top: dict[Key, Item]) -> Report:
    item = top[Key("architecture")]
    plain = {name: top[Key(name)].value for name in ("batch", "dtype") if name in top}
    try:
        if isinstance(item.value, str):
            return _known(item.value, tuple(plain.items()))
        _mapping(item, "a network")
        return summarize(item.plain(), **plain)
    except UsageError as why:
        raise SpecError(str(why), item.where) from None


@lru_cache(maxsize=100)
def _known(target: str, plain: tuple[tuple[str, Any], ...]) -> Report:
    """A network by name: many sheets are about the same."""
    return summarize(target, **dict(plain))


def _of_network(item: Item | None, report: Report | None) -> Iterator[Answer]:
    """The answers by layer and quantity."""
    if item is None or item.value is None:
        return
    for layer, quantities in _mapping(item, "'answers'").items():
        if not isinstance(quantities.value, dict):
            yield Answer(str(layer), None, None, layer.where, "needs quantities, as in {shape: …}")
            continue
        for word, given in quantities.value.items():
            label = f"{layer} {word}"
            try:
                if report is None:
                    raise UsageError("the sheet names no 'architecture' that it could be about")
                asked = question(asks.find(word), report, None if layer in TOTALS else layer)
            except CnncalcError as why:
                yield Answer(label, None, written(given), given.where, str(why))
            else:
                yield Answer(asked.label, asked, written(given), given.where)


def _free(item: Item | None) -> Iterator[Answer]:
    """The free-standing questions and their answers."""
    for number, one in enumerate(_listed(item), 1):
        label = f"question {number}"
        given = None
        try:
            keys = _mapping(one, "a question", FREE)
            label = str(keys[Key("name")].value) if "name" in keys else label
            given = written(keys[Key("answer")]) if "answer" in keys else None
            asked = None
            if "given" in keys or "ask" in keys:
                asked = free_standing(keys)
            yield Answer(
                label,
                asked,
                given,
                one.where,
                "" if asked else "asks nothing",
                _choices(keys.get(Key("choices"))),
                _part(keys.get(Key("points")), "points", 10_000) or Fraction(1),
                _part(keys.get(Key("tolerance")), "tolerance", 1),
            )
        except CnncalcError as why:
            yield Answer(label, None, given, one.where, _told(why))


def _choices(item: Item | None) -> tuple[Any, ...]:
    """The values to choose from."""
    if item is None or item.value is None:
        return ()
    if not isinstance(item.value, list):
        raise SpecError(f"'choices' is a list, not {describe(item)}", item.where)
    return tuple(written(item))


def _part(item: Item | None, what: str, most: int) -> Fraction | None:
    """A number from 0 to ``most``; None where there is none."""
    if item is None or item.value is None:
        return None
    text = item.text or str(item.plain())
    number = part_of(text)
    if number is None or number > most:
        raise SpecError(f"{what} is a number from 0 to {most}, not {text[:40]!r}", item.where)
    return number


def part_of(text: str) -> Fraction | None:
    """``0.5``, ``1/2`` or ``50%`` as a fraction; None for what is no such number."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?(?:/[1-9][0-9]{0,5})?)(%?)", text.strip())
    if match is None or ("." in match[1] and "/" in match[1]):
        return None
    return Fraction(match[1]) / (100 if match[2] else 1)


def _told(why: CnncalcError) -> str:
    """What is wrong in one sentence, without the place."""
    if isinstance(why, Mistakes):
        return "; ".join(error.sentence for error in why.errors)
    return why.sentence if isinstance(why, SpecError) else str(why)


def free_standing(keys: dict[Key, Item]) -> Question:
    """The question of ``given`` and ``ask``; raises CnncalcError where it makes no sense."""
    for name in ("given", "ask"):
        if name not in keys:
            raise UsageError(f"a question needs {name!r}")
    ask = asks.find(str(keys[Key("ask")].value))
    given = _mapping(keys[Key("given")], "'given'")
    if numeric.is_given(given):
        report, numbers = numeric.network({name: written(item) for name, item in given.items()})
        return numeric.question(ask, report, numbers) if ask.numbers else question(ask, report)
    return question(ask, *given_network(keys[Key("given")], ask))


AXIS = {"N": "input", "F": "kernel_size", "S": "stride", "P": "padding", "D": "dilation"}
SETTINGS = ("input", "output", "layer", "batch", "dtype")


def given_network(item: Item, ask: Ask | None = None) -> tuple[Report, str | None]:
    """The network that is given, and the layer that is asked about (None: the network).

    Given are one layer and its input (with its ``output`` where its stride is sought), ``layers``
    and their input, an ``architecture``, or the letters of a window (N, F, S, P, D). Where only the
    window is asked about, it need not fit. Raises CnncalcError where none is.
    """
    given = item.plain()
    plain = {name: given[name] for name in ("batch", "dtype") if name in given}
    layer = None if given.get("layer") is None else str(given["layer"])
    if "architecture" in given:
        return _known(str(given["architecture"]), tuple(plain.items())), layer
    if "layers" in given:
        spec = {"input": given.get("input"), "layers": given["layers"]}
        return summarize({"name": "the network", **spec}, **plain), layer
    kinds = {name: value for name, value in given.items() if name not in SETTINGS}
    if kinds and {*kinds} <= {*AXIS}:
        if not {"N", "F"} <= {*kinds}:
            raise UsageError("a window needs N and F at least, as in {N: 7, F: 3, S: 3}")
        fields = {AXIS[name]: value for name, value in kinds.items() if name != "N"}
        given = {**given, "input": [1, kinds["N"]]}
        kinds = {"conv": {"out_channels": 1, **fields}}
    if len(kinds) != 1 or given.get("input") is None:
        raise UsageError("'given' is one layer and its input, as in {conv: {…}, input: 3x32x32}")
    (kind,) = kinds
    if "output" in given:
        return window.alone(kind, kinds[kind], given["input"], ONE, given["output"]), ONE
    spec = {"input": given["input"], "layers": [{kind: kinds[kind], "name": ONE}]}
    try:
        return summarize({"name": "the layer", **spec}, **plain), ONE
    except Mistakes:
        if ask is None or not ask.geometry:
            raise
        return window.alone(kind, kinds[kind], given["input"], ONE), ONE
