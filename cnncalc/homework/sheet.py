"""An answer sheet: the student, the network, and the answers with their locations.

    student: Ada
    architecture: alexnet          # a built-in, a path, the one-line notation, or a spec
    answers:
      conv1: {shape: 96x55x55, params: 34,848}
      totals: {params: ~62M}
    questions:                     # independent of a network
      - given: {conv: {filters: 10, kernel: 5, padding: 2}, input: 3x32x32}
        ask: params
        answer: 750

The problem with an answer that cannot be used is stored with it, so the others can be marked.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.analysis.report import Report
from cnncalc.core.errors import SpecError, UsageError, Where, did_you_mean
from cnncalc.core.shape import Layout
from cnncalc.homework import asks, numeric, printed, scores, sheets, stated, unasked
from cnncalc.homework.ask import Ask
from cnncalc.homework.entries import (
    choices_of,
    failure,
    listed,
    mapping,
    part,
    text_in,
    unit_in,
    written,
)
from cnncalc.homework.labels import is_input, layer_named, normal, question_label, unambiguous
from cnncalc.homework.network import AXIS, SETTINGS, given_network, layout_in, report_of
from cnncalc.homework.question import Question, question
from cnncalc.homework.unasked import Given, Unrecognized
from cnncalc.homework.written import printable, readable
from cnncalc.spec.text import Item, Key

NEEDED = ("answers", "questions")
"""A sheet has at least one of these keys."""
TOP = {
    "student": "the name of the student",
    "architecture": "the network: a built-in, a path, the notation, a spec or a list of layers",
    "input": "the input shape, if the architecture has none or another one is meant",
    "layout": "how shapes are written: chw (channels first) or hwc (channels last)",
    "batch": "the batch size",
    "dtype": "the data type",
    "credit": "the fraction of the points that each outcome earns",
    "answers": "answers by layer (or totals) and quantity",
    "questions": "free-standing questions, each with given, ask and answer",
}
"""The keys of a sheet and their meaning."""
TERMS = ("choices", "points", "tolerance", "unit", "answer")
FREE = ("name", "given", "ask", *TERMS)
MAX_NAMED = 200
"""The maximum number of characters to keep of a student's name."""
MAX_ANSWERS = 500
MAX_LAYERS = 10_000
"""The maximum number of layers in the networks of a sheet's questions together."""
UNASKED = "the question needs 'given' and 'ask'"
NOT_A_KEY = f"{UNASKED}; give the key before the answer sheets"
UNKEYED = f"{UNASKED}; to compare the answer with a key, run 'cnncalc grade KEY SHEET'"
BLANKS = ("", "-", "–", "—", "?", "??", "n/a", "na", "tbd", "todo")


class Answer(NamedTuple):
    """One answer: its question, the value given (None if blank) and its location.

    ``problem`` says why there is no question. The first of ``choices`` may be answered as ``a``.
    ``tolerance`` is a fraction of the right value (None: the marker's). With a ``unit``, no other
    quantity is accepted in place of the one asked for.
    """

    label: str
    question: Question | None
    given: Any
    where: Where
    problem: str = ""
    choices: tuple[Any, ...] = ()
    points: Fraction = Fraction(1)
    tolerance: Fraction | None = None
    unit: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether it is empty or a placeholder such as a dash, which may also mean 0."""
        return self.given is None or (
            isinstance(self.given, str) and self.given.strip().lower() in BLANKS
        )

    def chosen(self, given: Any) -> Any:
        """The given value, or a choice if the value is its letter, perhaps with text after it:
        ``b``, ``(B)``, ``b) 280``."""
        if any(_alike(given, choice) for choice in self.choices):
            return given
        letters = dict(zip(ascii_lowercase, self.choices))
        match = re.fullmatch(r"\(?([A-Za-z])(?:[).:].*)?", str(given).strip())
        return letters.get(match[1].lower(), given) if match else given


def _alike(one: Any, other: Any) -> bool:
    """Whether two values are written alike."""
    return str(one).strip().lower() == str(other).strip().lower()


class Sheet(NamedTuple):
    """A sheet; ``report`` is that of its network, if it has one, and ``credit`` the partial credit
    of its key."""

    student: str
    answers: tuple[Answer, ...]
    report: Report | None
    source: str
    credit: Mapping[str, str] = MappingProxyType({})
    note: str = ""
    """A note on how its shapes are read, if the sheet does not state its layout and it seems to be
    channels last."""
    not_asked: tuple[str, ...] = ()
    """The labels of answers that its key does not ask for."""


def load(
    target: str | os.PathLike[str],
    key: Sheet | None = None,
    student: str = "",
    layout: Layout | None = None,
    is_key: bool = False,
) -> Sheet:
    """The sheet in a file; raises SpecError, Mistakes or UsageError if it cannot be used at all.

    With a ``key``, only the student and the answers of the sheet are read, so a submission cannot
    cause other files to be read. ``student`` is the name unless the sheet gives one; the default is
    the file name. ``layout`` is how shapes are written in a sheet that does not state it. Only a
    key (``is_key``) can state answers that nothing can compute.
    """
    file = Path(target)
    return read(sheets.read(file), student or printable(file.stem), key, layout, is_key)


def read(
    root: Item,
    student: str = "",
    key: Sheet | None = None,
    layout: Layout | None = None,
    is_key: bool = False,
) -> Sheet:
    """The sheet of a tree; ``student`` is the name unless the sheet gives one."""
    if not isinstance(root.value, dict) or not {*NEEDED} & {*root.value}:
        raise _not_a_sheet(root)
    top = mapping(root, "an answer sheet", TOP)
    _check_length(top)
    name = top.get(Key("student"))
    if name is not None and name.value is not None:
        several = name.value if isinstance(name.value, list) else [name]
        names = ", ".join(str(one.plain()) for one in several)
        student = printable(names)[:MAX_NAMED] or student
    source, none = root.where.source, Item(None, root.where)
    answers_by_layer = top.get(Key("answers"), none)
    if key is not None:
        labels = {asked.label for asked in key.answers}
        top[Key("answers")] = printed.renamed(answers_by_layer, key.report, labels)
        answers, others = _to_questions_of(key, top, source)
        return Sheet(student, answers, key.report, source, key.credit, key.note, others)
    layout, note = layout_in(top, layout)
    report = report_of(top, layout) if "architecture" in top else None
    by_layer = printed.renamed(answers_by_layer, report)
    own = [*_of_network(by_layer, report), *_free(top.get(Key("questions")), layout, is_key)]
    return Sheet(student, tuple(own), report, source, _credit(top.get(Key("credit"))), note)


def _not_a_sheet(root: Item) -> SpecError:
    """The error for a file without answers. It names a misspelt key, and quotes nothing else,
    because the file may be anything."""
    for name in root.value if isinstance(root.value, dict) else ():
        if hint := did_you_mean(name, NEEDED):
            return SpecError(f"an answer sheet has no key {name!r}{hint}", name.where)
    return SpecError("an answer sheet needs 'answers' or 'questions'", root.where)


def _check_length(top: dict[Key, Item]) -> None:
    """Raise SpecError for a sheet with too many answers."""
    none = Item(None, Where(""))
    by_layer, free = top.get(Key("answers"), none), top.get(Key("questions"), none)
    rows = by_layer.value.values() if isinstance(by_layer.value, dict) else ()
    number = sum(len(row.value) if isinstance(row.value, dict) else 1 for row in rows)
    number += len(free.value) if isinstance(free.value, list) else 0
    if number > MAX_ANSWERS:
        where = by_layer.where if by_layer.value else free.where
        fact = f"the sheet contains {number:,} answers, more than {MAX_ANSWERS}"
        raise SpecError(fact, where, "split it into several sheets")


def _credit(item: Item | None) -> dict[str, str]:
    """The fractions of the points, as written."""
    if item is None or item.value is None:
        return {}
    parts = mapping(item, "'credit'")
    return {str(name): part.text or str(part.plain()) for name, part in parts.items()}


def _to_questions_of(
    key: Sheet, top: dict[Key, Item], source: str
) -> tuple[tuple[Answer, ...], tuple[str, ...]]:
    """The answers to the key's questions in its order, including blank ones, followed by those that
    are not understood; and the labels of answers to other questions."""
    given: dict[str, Given] = {}
    for one in _given(top):
        if one.label in given:
            raise SpecError(f"{one.label} is answered twice", one.item.where)
        given[one.label] = one
    labels = [asked.label for asked in key.answers]
    others = [label for label in given if label not in {*labels}]
    alike = {normal(label): label for label in reversed(others)}
    bare = unambiguous(others)
    answers = []
    for asked in key.answers:
        plain = normal(asked.label)
        label = alike.get(plain) or bare.get(plain, "")
        found = given.pop(asked.label if asked.label in given else label, None)
        own = None if found is None else asked.chosen(written(found.item))
        where = found.item.where if found else Where(source)
        answers.append(asked._replace(given=own, where=where))
    unrecognized, not_asked = unasked.sort(given.values(), key.report, labels)
    return (*answers, *map(_of_unrecognized, unrecognized)), not_asked


def _of_unrecognized(one: Unrecognized) -> Answer:
    """An answer that stands for all that are not understood for the same reason."""
    return Answer(one.name, None, written(one.item), one.item.where, one.problem)


def _given(top: dict[Key, Item]) -> Iterator[Given]:
    """The answers as given."""
    answers, questions = top.get(Key("answers")), top.get(Key("questions"))
    if answers is not None and answers.value is not None:
        for layer, quantities in mapping(answers, "'answers'").items():
            if not isinstance(quantities.value, dict):
                yield Given(printable(layer), quantities, layer)
                continue
            for word, item in quantities.value.items():
                own = item.value if isinstance(item.value, dict) else {}
                answer = own[Key("answer")] if "answer" in own else item
                yield Given(question_label(layer, word), answer, layer, word)
    for number, one in enumerate(listed(questions), 1):
        keys = one.value if isinstance(one.value, dict) else {}
        name = keys.get(Key("name"))
        label = printable(str(name.text or name.plain())) if name else f"question {number}"
        yield Given(label, keys.get(Key("answer"), Item(None, one.where)))


def _of_network(item: Item | None, report: Report | None) -> Iterator[Answer]:
    """The answers by layer and quantity. A quantity or a layer that is not understood is reported
    once."""
    if item is None or item.value is None:
        return
    reported: set[str] = set()
    times = Counter(_strange_parts(item, report))
    for layer, quantities in mapping(item, "'answers'").items():
        if is_input(layer, report):
            continue
        if not isinstance(quantities.value, dict):
            problem = unasked.without_quantity(layer, report)
            yield Answer(printable(layer), None, written(quantities), layer.where, problem)
            continue
        for word, one in quantities.value.items():
            given = None
            part, problem = unasked.strange(layer, word, report)
            if problem:
                if part not in reported:
                    strange = Given("", Item(_plainly(one), one.where), layer, word)
                    alone = times[part] == 1
                    yield _of_unrecognized(
                        unasked.unrecognized(strange, part, problem, report, alone)
                    )
                reported.add(part)
                continue
            try:
                keys = mapping(one, "an answer", TERMS) if isinstance(one.value, dict) else None
                own = one if keys is None else keys.get(Key("answer"), Item(None, one.where))
                given = written(own)
                if report is None:
                    raise UsageError(
                        "the sheet needs 'architecture', because this answer is about a network"
                    )
                asked = question(asks.find(readable(word)), report, layer_named(layer, report))
                terms = _terms(keys or {}, asked.ask)
                answer = Answer(asked.label, asked, given, one.where, "", *terms)
                yield answer._replace(given=answer.chosen(given))
            except Exception as why:
                yield Answer(printable(f"{layer} {word}"), None, given, one.where, failure(why))


def _strange_parts(item: Item, report: Report | None) -> Iterator[str]:
    """For each answer, the part that is not understood, or its layer if all of it is
    understood."""
    for layer, quantities in mapping(item, "'answers'").items():
        words = quantities.value if isinstance(quantities.value, dict) else ()
        if not is_input(layer, report):
            yield from (unasked.strange(layer, word, report)[0] for word in words)


def _plainly(item: Item) -> Any:
    """An answer, or None for a mapping."""
    return None if isinstance(item.value, dict) else written(item)


def _terms(
    keys: dict[Key, Item], ask: Ask | None
) -> tuple[tuple[Any, ...], Fraction, Fraction | None, str]:
    """The choices, the points, the tolerance and the unit of a question."""
    points = part(keys.get(Key("points")), "points", 10_000)
    return (
        choices_of(keys.get(Key("choices"))),
        Fraction(1) if points is None else points,
        part(keys.get(Key("tolerance")), "tolerance", 1),
        unit_in(keys.get(Key("unit")), ask.unit if ask else ""),
    )


def _free(item: Item | None, layout: Layout | None, is_key: bool) -> Iterator[Answer]:
    """The free-standing questions and their answers."""
    networks: dict[int, Report] = {}
    for number, one in enumerate(listed(item), 1):
        label = f"question {number}"
        given = None
        try:
            keys = mapping(one, "a question", FREE)
            label = printable(text_in(keys[Key("name")], "name")) if "name" in keys else label
            given = written(keys[Key("answer")]) if "answer" in keys else None
            asked: Question | None = None
            is_stated = _is_stated(keys)
            if not is_stated and ("given" in keys or "ask" in keys):
                if sum(len(report.rows) for report in networks.values()) > MAX_LAYERS:
                    raise UsageError(
                        f"the networks of earlier questions have more than {MAX_LAYERS:,} layers",
                        "move this question to another sheet",
                    )
                asked = free_standing(keys, layout)
                networks[id(asked.report)] = asked.report
            terms = _terms(keys, asked.ask if asked else None)
            answer = Answer(label, asked, given, one.where, "", *terms)
            answer = answer._replace(given=answer.chosen(given))
            if is_stated and is_key:
                asked = stated.question(answer.given, answer.choices)
                answer = answer._replace(question=asked, given=None)
            problem = NOT_A_KEY if is_key else UNKEYED
            yield answer._replace(problem="" if asked else problem)
        except Exception as why:
            yield Answer(label, None, given, one.where, failure(why))


def _is_stated(keys: dict[Key, Item]) -> bool:
    """Whether a question has a right answer that its key states."""
    ask = keys.get(Key("ask"))
    is_choice = (ask is None and "choices" in keys) or (ask is not None and ask.value == "choice")
    return is_choice and "given" not in keys


def free_standing(keys: dict[Key, Item], layout: Layout | None = None) -> Question:
    """The question of ``given`` and ``ask``; raises CnncalcError if it is invalid."""
    for name in ("given", "ask"):
        if name not in keys:
            raise UsageError(f"a question needs {name!r}")
    ask = asks.find(text_in(keys[Key("ask")], "ask"))
    given = mapping(keys[Key("given")], "'given'")
    if scores.is_given(given):
        return scores.question(ask, {str(name): written(item) for name, item in given.items()})
    if numeric.is_given(given):
        plain = {str(name): written(item) for name, item in given.items()}
        report, numbers = numeric.network(plain, layout)
        return numeric.question(ask, report, numbers) if ask.numbers else question(ask, report)
    _check_given(given)
    return question(ask, *given_network(keys[Key("given")], ask, layout))


GIVEN = (*scores.KEYS, *numeric.KEYS, *SETTINGS, "architecture", "layers")
"""The keys of ``given`` that are neither kinds of layers nor letters of a window."""


def _check_given(given: Mapping[Key, Item]) -> None:
    """Raise SpecError for a misspelling of one of the keys in ``GIVEN``."""
    for name in given:
        if name not in (*GIVEN, *AXIS) and not layers.known(name):
            near = did_you_mean(name, [*GIVEN, *layers.names()])
            if any(near == f"; did you mean {key!r}?" for key in GIVEN):
                raise SpecError(f"'given' has no key {name[:60]!r}{near}", name.where)
