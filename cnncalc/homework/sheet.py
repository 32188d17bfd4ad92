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

A problem with one answer is stored with it and never stops the others.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from string import ascii_lowercase
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.analysis import walk
from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.core.errors import CnncalcError, Mistakes, SpecError, UsageError, Where, did_you_mean
from cnncalc.core.shape import Layout, layout_of, read_sizes, shape_of
from cnncalc.homework import asks, numeric, sheets, window
from cnncalc.homework.ask import Ask
from cnncalc.homework.question import Question, label_of, question
from cnncalc.homework.written import printable, readable
from cnncalc.spec import notation
from cnncalc.spec.document import describe
from cnncalc.spec.inputs import looks_first, looks_last
from cnncalc.spec.text import Item, Key

NEEDED = "an answer sheet needs 'answers' or 'questions'"
TOP = {
    "student": "the name of the student",
    "architecture": "the network: a built-in, a path, the notation, a spec or its layers",
    "input": "the input shape, if the architecture has none or another one is meant",
    "layout": "how shapes are written: chw (channels first) or hwc (channels last)",
    "batch": "the batch size",
    "dtype": "the data type",
    "credit": "the fraction of the points that each outcome earns",
    "answers": "answers by layer (or totals) and quantity",
    "questions": "free-standing questions, each with given, ask and answer",
}
"""The keys of a sheet and their meaning."""
TERMS = ("choices", "points", "tolerance", "answer")
FREE = ("name", "given", "ask", *TERMS)
MAX_NAMED = 200
MAX_ANSWERS = 500
TOTALS = ("totals", "total", "network", "overall", "sum")
BLANKS = ("", "-", "–", "—", "?", "??", "n/a", "na", "tbd", "todo")
ONE = walk.ALONE
"""The name of the layer in a free-standing question."""
BRACKETS = re.compile(r"\([^()]*\)")
"""Remarks beside a layer's name, as in ``CONV1 (f=5, s=1)`` and ``conv1 (Conv2D)``."""
INPUT = re.compile(r"input(?:_?[0-9]+|_layer)?(?: *\([^()]*\))?", re.IGNORECASE)
"""The row of the input, which printed tables contain although no question is about it."""


class Answer(NamedTuple):
    """One answer: its question, the value given (None if blank) and its location.

    ``problem`` says why there is no question. The first of ``choices`` may be answered as ``a``.
    ``tolerance`` is a part of the right value (None: the marker's).
    """

    label: str
    question: Question | None
    given: Any
    where: Where
    problem: str = ""
    choices: tuple[Any, ...] = ()
    points: Fraction = Fraction(1)
    tolerance: Fraction | None = None

    @property
    def is_blank(self) -> bool:
        """Whether it is empty or a placeholder such as a dash, which may also mean 0."""
        return self.given is None or (
            isinstance(self.given, str) and self.given.strip().lower() in BLANKS
        )

    def chosen(self, given: Any) -> Any:
        """The given value, or the choice if it is the letter of one: ``b``, ``(B)``, ``b) 280``."""
        letters = dict(zip(ascii_lowercase, self.choices))
        match = re.fullmatch(r"\(?([A-Za-z])(?:[).:].*)?", str(given).strip())
        return letters.get(match[1].lower(), given) if match else given


class Sheet(NamedTuple):
    """A sheet; ``report`` is that of its network, if it has one, and ``credit`` the partial credit
    of its key."""

    student: str
    answers: tuple[Answer, ...]
    report: Report | None
    source: str
    credit: Mapping[str, str] = MappingProxyType({})
    note: str = ""
    """How its shapes are read, if the sheet does not say it and they are not channels first."""


def load(
    target: str | os.PathLike[str],
    key: Sheet | None = None,
    student: str = "",
    layout: Layout | None = None,
) -> Sheet:
    """The sheet in a file; raises SpecError or UsageError if it cannot be used at all.

    With a ``key``, only the student and the answers of the sheet are read, so a submission cannot
    cause other files to be read. ``student`` is the name unless the sheet gives one; the default is
    the file name. ``layout`` is how shapes are written in a sheet that does not say it.
    """
    file = Path(target)
    return read(sheets.read(file), student or printable(file.stem), key, layout)


def read(
    root: Item, student: str = "", key: Sheet | None = None, layout: Layout | None = None
) -> Sheet:
    """The sheet of a tree; ``student`` is the name unless the sheet gives one."""
    if not isinstance(root.value, dict) or not {"answers", "questions"} & {*root.value}:
        raise SpecError(NEEDED, root.where)  # whatever it is, none of it is quoted
    top = _mapping(root, "an answer sheet", TOP)
    _check_length(top)
    name = top.get(Key("student"))
    if name is not None and name.value is not None:
        several = name.value if isinstance(name.value, list) else [name]
        names = ", ".join(str(one.plain()) for one in several)
        student = printable(names)[:MAX_NAMED] or student
    source = root.where.source
    if key is not None:
        answers = tuple(_to_questions_of(key, top, source))
        return Sheet(student, answers, key.report, source, key.credit, key.note)
    layout, note = _layout(top, layout)
    report = _report(top, layout) if "architecture" in top else None
    own = [*_of_network(top.get(Key("answers")), report), *_free(top.get(Key("questions")), layout)]
    return Sheet(student, tuple(own), report, source, _credit(top.get(Key("credit"))), note)


def _layout(top: dict[Key, Item], usual: Layout | None) -> tuple[Layout | None, str]:
    """How the shapes of a sheet are written, and a note if the shapes themselves tell.

    A sheet writes all its shapes alike, so one that looks like an image with its channels last
    tells about all, unless another one looks like an image with its channels first.
    """
    said = top.get(Key("layout"))
    if said is not None and said.value is not None:
        try:
            return layout_of(str(said.plain())), ""
        except UsageError as why:
            raise SpecError(str(why), said.where) from None
    shapes = [_sizes(shape) for shape in _shapes(top)] if usual is None else []
    last = next((sizes for sizes in shapes if looks_last(sizes)), None)
    if last is None or any(map(looks_first, shapes)):
        return usual, ""
    shown = "x".join(map(str, last))
    return (
        "hwc",
        f"{shown} and all shapes are read with their channels last; 'layout: chw' or "
        "--layout chw reads them with their channels first",
    )


def _shapes(top: dict[Key, Item]) -> Iterator[Any]:
    """The shapes of inputs that a sheet gives, as they are written."""
    networks = [Item(top, Where("")), top.get(Key("architecture"))]
    networks += [
        question.value.get(Key("given"))
        for question in _listed(top.get(Key("questions")))
        if isinstance(question.value, dict)
    ]
    for network in networks:
        plain = network.value if network is not None else None
        if isinstance(plain, dict) and Key("input") in plain:
            yield plain[Key("input")].plain()
        elif isinstance(plain, str) and notation.is_notation(plain):
            yield plain.partition("-")[0]


def _sizes(shape: Any) -> tuple[int, ...]:
    """A shape's sizes as written; none if it is not a shape."""
    try:
        return read_sizes("x".join(map(str, shape)) if isinstance(shape, list) else str(shape))
    except UsageError:
        return ()


def _check_length(top: dict[Key, Item]) -> None:
    """Raise SpecError for a sheet with too many answers."""
    none = Item(None, Where(""))
    by_layer, free = top.get(Key("answers"), none), top.get(Key("questions"), none)
    rows = by_layer.value.values() if isinstance(by_layer.value, dict) else ()
    number = sum(len(row.value) if isinstance(row.value, dict) else 1 for row in rows)
    number += len(free.value) if isinstance(free.value, list) else 0
    if number > MAX_ANSWERS:
        where = by_layer.where if by_layer.value else free.where
        raise SpecError(f"contains {number:,} answers, more than {MAX_ANSWERS}", where)


def _credit(item: Item | None) -> dict[str, str]:
    """The fractions of the points, as written."""
    if item is None or item.value is None:
        return {}
    parts = _mapping(item, "'credit'")
    return {str(name): part.text or str(part.plain()) for name, part in parts.items()}


def _to_questions_of(key: Sheet, top: dict[Key, Item], source: str) -> Iterator[Answer]:
    """The answers to the key's questions in its order, blank ones included, then the answers to
    other questions."""
    given = dict(_given(top))
    labels = [asked.label for asked in key.answers]
    others = [label for label in given if label not in {*labels}]
    alike = {normal(label): label for label in reversed(others)}
    bare = _unambiguous(others)
    for asked in key.answers:
        plain = normal(asked.label)
        label = alike.get(plain) or bare.get(plain, "")
        item = given.pop(asked.label if asked.label in given else label, None)
        own = None if item is None else asked.chosen(written(item))
        yield asked._replace(given=own, where=item.where if item else Where(source))
    for label, item in given.items():
        if item.value is not None and not _of_input(label):
            why = f"was not asked{did_you_mean(label, labels)}"
            yield Answer(label, None, written(item), item.where, why)


def _of_input(label: str) -> bool:
    """Whether a label is about the input: ``Input shape``, ``input_1 (InputLayer) parameters``."""
    ends = (f" {ask.title}" for ask in asks.every())
    return any(INPUT.fullmatch(label.removesuffix(end)) for end in ends if label.endswith(end))


def normal(label: str) -> str:
    """A normal form of labels: ``Conv_1 params``, ``Question 1`` and ``Q1`` are like their own."""
    plain = re.sub(r"[\W_]", "", readable(label)).lower()
    return re.sub(r"^(?:question|q|exercise|ex|task)(?=[0-9])", "", plain)


def _unambiguous(labels: Iterable[str]) -> dict[str, str]:
    """The labels by their normal forms without what is in brackets, ``conv1 (Conv2D) shape``,
    except forms that several have."""
    found: dict[str, list[str]] = {}
    for label in labels:
        found.setdefault(normal(BRACKETS.sub("", label)), []).append(label)
    return {form: same[0] for form, same in found.items() if len(same) == 1}


def _given(top: dict[Key, Item]) -> Iterator[tuple[str, Item]]:
    """The given answers by the label of their question."""
    answers, questions = top.get(Key("answers")), top.get(Key("questions"))
    if answers is not None and answers.value is not None:
        for layer, quantities in _mapping(answers, "'answers'").items():
            named = quantities.value if isinstance(quantities.value, dict) else {}
            for word, item in named.items():
                own = item.value if isinstance(item.value, dict) else {}
                yield _label(layer, word), own[Key("answer")] if "answer" in own else item
    for number, one in enumerate(_listed(questions), 1):
        keys = one.value if isinstance(one.value, dict) else {}
        name = keys.get(Key("name"))
        label = printable(str(name.text or name.plain())) if name else f"question {number}"
        yield label, keys.get(Key("answer"), Item(None, one.where))


def _label(layer: str, word: str) -> str:
    """The label of a question about a network; the words themselves if it does not exist."""
    try:
        return label_of(None if layer.lower() in TOTALS else layer, asks.find(readable(word)))
    except UsageError:
        return printable(f"{layer} {word}")


def _listed(item: Item | None) -> list[Item]:
    """The entries of ``questions``."""
    if item is None or item.value is None:
        return []
    if not isinstance(item.value, list):
        raise SpecError(f"'questions' must be a list, not {describe(item)}", item.where)
    return item.value


def written(item: Item) -> Any:
    """An answer without locations; a decimal as text, to keep its last digit."""
    if isinstance(item.value, list):
        return [written(inner) for inner in item.value]
    return (item.text or str(item.value)) if isinstance(item.value, float) else item.plain()


def _mapping(item: Item, what: str, known: Any = None) -> dict[Key, Item]:
    """The item as a mapping, with its keys checked if ``known`` is given."""
    if not isinstance(item.value, dict):
        raise SpecError(f"{what} must be a mapping, not {describe(item)}", item.where)
    for name in item.value if known is not None else ():
        if name not in known:
            hint = did_you_mean(name, known) or f"; it has {', '.join(known)}"
            raise SpecError(f"{what} has no key {name[:60]!r}{hint}", name.where)
    return item.value


def _report(top: dict[Key, Item], layout: Layout | None) -> Report:
    """The network of a sheet; raises SpecError or Mistakes with the location of the error."""
    item, given = top[Key("architecture")], top.get(Key("input"))
    plain = {name: _scalar(top[Key(name)], name) for name in ("batch", "dtype") if name in top}
    shape = {} if given is None or given.value is None else {"input": given.plain()}
    try:
        if isinstance(item.value, str):
            return _named(item.value, plain, shape, layout)
        if isinstance(item.value, list):  # the layers alone
            tree = {_key("layers", item.where): item}
            tree |= {} if given is None else {_key("input", given.where): given}
            return summarize(Item(tree, item.where), **plain, layout=layout)
        _mapping(item, "a network")
        return summarize(item, **plain, **shape, layout=layout)
    except UsageError as why:
        raise SpecError(str(why), item.where) from None


def _scalar(item: Item, what: str) -> Any:
    """A single value; raises SpecError for a list or a mapping."""
    if isinstance(item.value, dict | list):
        raise SpecError(f"{what!r} must be a single value, not {describe(item)}", item.where)
    return item.value


def _named(
    target: str, plain: dict[str, Any], shape: dict[str, Any], layout: Layout | None
) -> Report:
    """A network by name, path or notation. Its file says itself how it writes shapes."""
    if notation.is_notation(target):
        plain = {**plain, "layout": layout}
    if not shape:
        return _known(target, tuple(plain.items()))
    sizes = shape["input"]
    if notation.is_layers(target) and not isinstance(sizes, dict):
        first = "x".join(map(str, sizes)) if isinstance(sizes, list) else sizes
        return _known(f"{first}-{target}", tuple({**plain, "layout": layout}.items()))
    if layout == "hwc" and (read := _sizes(sizes)):
        shape = {"input": list(shape_of(read, layout))}
    return _elsewhere(target, **plain, **shape)


def _elsewhere(target: str, **given: Any) -> Report:
    """The network that a sheet names. A file that is not a spec is refused without quoting it."""
    try:
        return summarize(target, **given)
    except Mistakes:
        if not os.path.exists(target):
            raise
        raise UsageError(
            f"the architecture {target!r} is not a valid spec", "run cnncalc summarize to see why"
        ) from None


def _key(text: str, where: Where) -> Key:
    key = Key(text)
    key.where = where
    return key


@lru_cache(maxsize=100)
def _known(target: str, plain: tuple[tuple[str, Any], ...]) -> Report:
    """A network by name; cached, because many sheets share one."""
    return _elsewhere(target, **dict(plain))


def _of_network(item: Item | None, report: Report | None) -> Iterator[Answer]:
    """The answers by layer and quantity."""
    if item is None or item.value is None:
        return
    for layer, quantities in _mapping(item, "'answers'").items():
        if not isinstance(quantities.value, dict):
            yield Answer(
                printable(layer), None, None, layer.where, "needs quantities, as in {shape: …}"
            )
            continue
        for word, one in quantities.value.items():
            given = None
            try:
                keys = _mapping(one, "an answer", TERMS) if isinstance(one.value, dict) else None
                own = one if keys is None else keys.get(Key("answer"), Item(None, one.where))
                given = written(own)
                if report is None:
                    raise UsageError(
                        "the sheet needs 'architecture', because this answer is about a network"
                    )
                asked = question(asks.find(readable(word)), report, _layer(layer, report))
                answer = Answer(asked.label, asked, given, one.where, "", *_terms(keys or {}))
                yield answer._replace(given=answer.chosen(given))
            except Exception as why:
                yield Answer(printable(f"{layer} {word}"), None, given, one.where, failure(why))


def _layer(word: str, report: Report) -> str | None:
    """The layer or block with this name, None for the network; ``Conv_1`` is conv1 unless another
    layer is called that."""
    if word in report or not word:
        return word
    if word.lower() in TOTALS:
        return None
    if word in report.blocks:
        return word
    names = _normal_names(report)
    for plain in (normal(word), normal(BRACKETS.sub("", word))):
        alike = names.get(plain, ())
        if len(alike) == 1:
            return alike[0]
    return word


@lru_cache(maxsize=100)
def _normal_names(report: Report) -> dict[str, list[str]]:
    """The names of blocks and layers by their normal forms."""
    names: dict[str, list[str]] = {}
    for name in dict.fromkeys((*report.blocks, *(row.name for row in report))):
        names.setdefault(normal(name), []).append(name)
    return names


def _terms(keys: dict[Key, Item]) -> tuple[tuple[Any, ...], Fraction, Fraction | None]:
    """The choices, the points and the tolerance of a question."""
    points = _part(keys.get(Key("points")), "points", 10_000)
    return (
        _choices(keys.get(Key("choices"))),
        Fraction(1) if points is None else points,
        _part(keys.get(Key("tolerance")), "tolerance", 1),
    )


def _free(item: Item | None, layout: Layout | None) -> Iterator[Answer]:
    """The free-standing questions and their answers."""
    for number, one in enumerate(_listed(item), 1):
        label = f"question {number}"
        given = None
        try:
            keys = _mapping(one, "a question", FREE)
            label = printable(_word(keys[Key("name")], "name")) if "name" in keys else label
            given = written(keys[Key("answer")]) if "answer" in keys else None
            asked = None
            if "given" in keys or "ask" in keys:
                asked = free_standing(keys, layout)
            nothing = "" if asked else "has no 'given' and 'ask'"
            answer = Answer(label, asked, given, one.where, nothing, *_terms(keys))
            yield answer._replace(given=answer.chosen(given))
        except Exception as why:
            yield Answer(label, None, given, one.where, failure(why))


def _word(item: Item, what: str) -> str:
    """Text; raises SpecError for a list, a mapping or nothing."""
    if isinstance(item.value, dict | list) or item.value is None:
        raise SpecError(f"{what!r} must be text, not {describe(item)}", item.where)
    return item.text or str(item.value)


def _choices(item: Item | None) -> tuple[Any, ...]:
    """The values to choose from."""
    if item is None or item.value is None:
        return ()
    if not isinstance(item.value, list):
        raise SpecError(f"'choices' must be a list, not {describe(item)}", item.where)
    return tuple(written(item))


def _part(item: Item | None, what: str, most: int) -> Fraction | None:
    """A number from 0 to ``most``; None if there is none."""
    if item is None or item.value is None:
        return None
    text = item.text or str(item.plain())
    number = part_of(text)
    if number is None or number > most:
        raise SpecError(f"{what} must be a number from 0 to {most}, not {text[:40]!r}", item.where)
    return number


def part_of(text: str) -> Fraction | None:
    """``0.5``, ``1/2`` or ``50%`` as a fraction; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?(?:/[1-9][0-9]{0,5})?)(%?)", text.strip())
    if match is None or ("." in match[1] and "/" in match[1]):
        return None
    return Fraction(match[1]) / (100 if match[2] else 1)


def failure(why: Exception) -> str:
    """Why something cannot be used, in one sentence without its place, or a note about a bug."""
    if isinstance(why, Mistakes):
        return "; ".join(error.sentence for error in why.errors)
    if isinstance(why, SpecError):
        return why.sentence
    if isinstance(why, CnncalcError):
        return str(why)
    return f"cnncalc failed here ({type(why).__name__}); grade this by hand and report the bug"


def free_standing(keys: dict[Key, Item], layout: Layout | None = None) -> Question:
    """The question of ``given`` and ``ask``; raises CnncalcError if it makes no sense."""
    for name in ("given", "ask"):
        if name not in keys:
            raise UsageError(f"a question needs {name!r}")
    ask = asks.find(_word(keys[Key("ask")], "ask"))
    given = _mapping(keys[Key("given")], "'given'")
    if numeric.is_given(given):
        plain = {str(name): written(item) for name, item in given.items()}
        report, numbers = numeric.network(plain, layout)
        return numeric.question(ask, report, numbers) if ask.numbers else question(ask, report)
    return question(ask, *given_network(keys[Key("given")], ask, layout))


AXIS = {"N": "input", "F": "kernel_size", "S": "stride", "P": "padding", "D": "dilation"}
SETTINGS = ("input", "output", "layer", "batch", "dtype")


def given_network(
    item: Item, ask: Ask | None = None, layout: Layout | None = None
) -> tuple[Report, str | None]:
    """The network that is given, and the layer that is asked about (None: the network).

    Given are one layer and its input (and its ``output``, to ask for the stride), ``layers`` and
    their input, an ``architecture``, or the letters of a window (N, F, S, P, D). If only the window
    is asked about, it need not fit. ``layout`` is how shapes are written. Raises CnncalcError for
    anything else.
    """
    given = item.plain()
    entries = item.value
    plain = {
        name: _scalar(entries[Key(name)], name) for name in ("batch", "dtype") if name in entries
    }
    layer = None if given.get("layer") is None else str(given["layer"])
    if "architecture" in given:
        return _named(str(given["architecture"]), plain, {}, layout), layer
    if "layers" in given:
        spec = {"input": given.get("input"), "layers": given["layers"]}
        return summarize({"name": "the network", **spec}, **plain, layout=layout), layer
    kinds = {name: value for name, value in given.items() if name not in SETTINGS}
    if kinds and {*kinds} <= {*AXIS}:
        if not {"N", "F"} <= {*kinds}:
            raise UsageError("a window needs N and F at least, as in {N: 7, F: 3, S: 3}")
        fields = {AXIS[name]: value for name, value in kinds.items() if name != "N"}
        given, layout = {**given, "input": [1, kinds["N"]]}, "chw"
        kinds = {"conv": {"out_channels": 1, **fields}}
    if len(kinds) != 1 or given.get("input") is None:
        raise UsageError(
            "'given' must be one layer and its input, as in {conv: {…}, input: 3x32x32}"
        )
    (kind,) = kinds
    if "output" in given:
        sizes = given["input"], ONE, given["output"]
        return window.alone(kind, kinds[kind], *sizes, layout), ONE
    spec = {"input": given["input"], "layers": [{kind: kinds[kind], "name": ONE}]}
    try:
        return summarize({"name": "the layer", **spec}, **plain, layout=layout), ONE
    except Mistakes:
        if ask is None or not ask.geometry:
            raise
        return window.alone(kind, kinds[kind], given["input"], ONE, layout=layout), ONE
