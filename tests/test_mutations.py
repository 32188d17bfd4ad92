"""Mutated specs: thousands of broken networks, each either understood or refused in a sentence.

The mutations use fixed seeds, so that a failure can be reproduced by its number.
"""

import copy
import random
import re
import signal

import pytest
import yaml

import cnncalc
from cnncalc.core.cost import COUNTED
from cnncalc.core.errors import CnncalcError
from cnncalc.spec import catalog

HANG = 20
"""Seconds for one spec that usually takes milliseconds; longer means an endless loop, not a slow
machine."""

SHORT = ("lenet5", "lenet5_1998", "alexnet", "vgg16", "squeezenet1_1", "mobilenet_v2", "resnet50")
"""Built-ins that together use every part of the language."""

LAYERS = 600
"""The number of mutations of the notation, and half that of expressions."""

COUNTS = [30, pytest.param(300, marks=pytest.mark.exhaustive)]
"""The numbers of mutations of each built-in, as text and as a tree."""


class Hang(Exception):
    """A spec took far too long."""


@pytest.fixture(autouse=True)
def _guard():
    def ring(*_):
        raise Hang

    if hasattr(signal, "SIGALRM"):
        before = signal.signal(signal.SIGALRM, ring)
        yield
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    else:
        yield


def alarm(seconds):
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def survives(target, place):
    """Fail unless a spec gives sound numbers, or a short message with the location."""
    alarm(HANG)
    try:
        report = cnncalc.summarize(target)
    except CnncalcError as why:
        text = str(why)
        assert text.strip()
        assert "Traceback" not in text
        assert "object at 0x" not in text
        assert len(text) < 12_000  # at most twenty mistakes
        assert max(map(len, text.splitlines())) < 600
        assert place in text, text
        return False
    finally:
        alarm(0)
    sound(report)
    return True


def sound(report):
    """Fail if a report contains anything but sizes and exact counts."""
    for row in report:
        assert all(type(size) is int and size >= 1 for size in row.output.dimensions), row.name
        counts = [getattr(row.cost, name) for name in COUNTED]
        assert all(type(count) is int and count >= 0 for count in counts), row.name
        assert all(field.size >= field.smallest >= 1 for field in row.fields or ()), row.name
        assert re.fullmatch(r"[\w-]+(\.[\w-]+)*", row.name), row.name
    assert len({row.name for row in report.rows}) == len(report.rows)
    assert report.totals.params == sum(row.cost.params for row in report.rows)


# Text: bytes changed, lines moved.


def text_mutations(text, random):
    """One small accident of an editor or a disk."""
    at = random.randrange(len(text))
    lines = text.splitlines(keepends=True)
    line = random.randrange(len(lines))
    match random.randrange(9):
        case 0:
            return text[:at] + bytes([random.randrange(256)]) + text[at + 1 :]
        case 1:
            return text[:at] + text[at + 1 :]
        case 2:
            return (
                text[:at] + random.choice(b"{}[]:,-#&*!|>'\"%@`$\t\n x0.").to_bytes(1) + text[at:]
            )
        case 3:
            return text[:at]
        case 4:
            return text[at:]
        case 5:
            return b"".join([*lines[:line], *lines[line + 1 :]])
        case 6:
            return b"".join([*lines[:line], lines[line], *lines[line:]])
        case 7:
            return b"".join([*lines[:line], b" " + lines[line], *lines[line + 1 :]])
        case _:
            start = random.randrange(len(text))
            return text[:at] + text[start : start + random.randrange(80)] + text[at:]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", SHORT)
def test_a_mutated_text_is_understood_or_refused(tmp_path, name, count):
    text = catalog.path(name).read_bytes()
    file = tmp_path / "net.yaml"
    understood = 0
    for seed in range(count):
        choose = random.Random(f"{name} text {seed}")
        mutant = text
        for _ in range(choose.choice([1, 1, 2, 5])):
            mutant = text_mutations(mutant or b"\n", choose)
        file.write_bytes(mutant)
        try:
            understood += survives(file, ".yaml")
        except BaseException:
            print(f"seed {seed}:\n{mutant!r}")  # noqa: T201
            raise
    assert 0 < understood < count


# Trees: values and keys changed.

WRONG = (
    0, -1, 1, 2, 3, 7, 10**30, -(10**30), 1.5, -0.5, 0.0, "", "x", "same", "conv", "$", "$x",
    "${1", "${1 // 0}", "${9 ** 9}", "3x8x8", None, True, False, [], {}, [1], [1, 2], [3, 3, 3],
    [[1, 2], [3, 4]], {"a": 1}, {"from": "input"}, {"conv": 8}, [None], "input", ["input"],
    ["input", "input"], "relu", "a.b", " ", "\u00e9", "branches", "residual", "1_000", "1e3",
)  # fmt: skip

KEYS = (
    "name", "from", "repeat", "when", "join", "shortcut", "branches", "residual", "conv", "relu",
    "takes", "layers", "input", "blocks", "parameters", "extends", "stride", "kernel_size",
    "groups", "padding", "", "zzz", "<<", "a.b", "0", "null",
)  # fmt: skip


def places(tree):
    """Every container of a tree with each of its keys or positions."""
    found = []
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in inside:
        found.append((tree, key))
        if isinstance(value, dict | list):
            found += places(value)
    return found


def mutate(tree, random):
    """Change one thing in a tree, in place."""
    container, key = random.choice(places(tree) or [({}, None)])
    what = random.randrange(8)
    if what <= 2:
        container[key] = copy.deepcopy(random.choice(WRONG))
    elif what == 3:
        del container[key]
    elif isinstance(container, list):
        where = random.randrange(len(container) + 1)
        if what <= 5:
            container.insert(where, copy.deepcopy(container[key]))
        elif what == 6:
            container[:] = container[::-1]
        else:
            container.insert(where, copy.deepcopy(random.choice(WRONG)))
    elif what <= 5:
        container[random.choice(KEYS)] = container.pop(key)
    elif what == 6:
        container[random.choice(KEYS)] = copy.deepcopy(random.choice(WRONG))
    else:
        _, other = random.choice(places(tree))
        container[key] = copy.deepcopy(container.get(other, tree))


class Flow(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    """Writes trees without aliases, because a copied part is independent."""

    def ignore_aliases(self, _):
        return True


def understood_of(tree, word, seeds, changes, folder):
    """How many mutants of a spec are understood; all others must be refused."""
    file = folder / "net.yaml"
    understood = 0
    for seed in range(seeds):
        choose = random.Random(f"{word} {seed}")
        mutant = copy.deepcopy(tree)
        for _ in range(choose.choice(changes)):
            if mutant:
                mutate(mutant, choose)
        text = yaml.dump(mutant, Dumper=Flow, allow_unicode=True, sort_keys=False)
        file.write_text(text, encoding="utf-8")
        try:
            understood += survives(file, ".yaml")
        except BaseException:
            print(f"seed {seed}:\n{text}")  # noqa: T201
            raise
    return understood


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", SHORT)
def test_a_mutated_tree_is_understood_or_refused(tmp_path, name, count):
    tree = yaml.safe_load(catalog.path(name).read_bytes())
    understood = understood_of(tree, f"{name} tree", count, [1, 1, 1, 2, 3], tmp_path)
    assert 0 < understood < count  # both must happen, or the mutations test nothing


SMALL = {
    "name": "small",
    "input": {"image": "3x12x12", "other": [3, 12, 12]},
    "parameters": {"width": 8, "twice": "${2 * width}", "deep": True},
    "blocks": {
        "unit": {
            "takes": ["width", {"stride": 1}],
            "layers": [
                {"conv": {"filters": "$width", "kernel": 3, "stride": "$stride", "pad": 1}},
                {"batch_norm": None, "when": "$deep"},
                "relu",
            ],
        },
        "pair": {
            "takes": ["width"],
            "layers": [{"unit": ["$width"]}, {"unit": {"width": "$width"}}],
        },
    },
    "layers": [
        {"unit": ["$width", 2], "name": "stem", "from": "image"},
        {"residual": [{"pair": "$width"}], "name": "trunk"},
        {
            "branches": {
                "wide": [{"conv": {"filters": "$twice", "kernel": [1, 3], "pad": "same"}}],
                "pool": [{"max_pool": {"kernel": 3, "stride": 1, "padding": 1}}],
                "none": [],
            },
            "join": "concat",
            "name": "fork",
        },
        {"depthwise_conv": {"kernel_size": 3}, "repeat": 2},
        {"max_pool": 2, "name": "pooled", "from": "other"},
        {"unit": "$width", "name": "side", "from": "pooled", "repeat": 2},
        {"add": {"from": ["side", "stem"]}},
        {"global_avg_pool": None},
        {"linear": 10},
    ],
}


@pytest.mark.parametrize("count", [150, pytest.param(1_500, marks=pytest.mark.exhaustive)])
def test_a_mutated_spec_with_every_feature_is_understood_or_refused(tmp_path, count):
    assert cnncalc.summarize(SMALL)
    understood = understood_of(SMALL, "small", count, [1, 1, 2, 4], tmp_path)
    assert count // 20 < understood < count


SAMPLE = "9HL-1x48x48-100C3-MP2-200C2s1p1-AP2x2-300C3x2d2g2-GAP-500N-3755"


def test_a_mutated_notation_is_understood_or_refused():
    understood = 0
    for seed in range(LAYERS):
        choose = random.Random(f"notation {seed}")
        text = SAMPLE
        for _ in range(choose.choice([1, 2, 4])):
            at = choose.randrange(len(text))
            put = choose.choice(["", "", *"0123456789CMPANGHLxspdg-.,$ \u0663\u017f", "10" * 60])
            text = text[:at] + put + text[at + choose.choice([0, 1]) :]
        try:
            understood += survives(text, "")
        except BaseException:
            print(f"seed {seed}: {text!r}")  # noqa: T201
            raise
    assert 0 < understood < LAYERS


def test_mutated_expressions_are_evaluated_or_refused():
    atoms = ("a", "b", "word", "flag", "none", "half", "many", "0", "1", "-3", "2.5", "9" * 99,
             "1e999", "True", "'x'", "'x' * 9", "x", "()", "[]", "1j", "b''", "...")  # fmt: skip
    forms = ("{} + {}", "{} - {}", "{} * {}", "{} // {}", "{} % {}", "{} / {}", "{} ** {}",
             "{} < {}", "{} == {}", "{} != {}", "{} and {}", "{} or {}", "not {}", "-{}", "+{}",
             "~{}", "min({}, {})", "max({})", "max({}, {})", "round_to({}, {})", "{}.a", "{}[{}]",
             "{}({})", "{} if {} else 1", "({})", "{} in {}", "{} is {}", "lambda: {}",
             "{}, {}", "*{}", "{} := {}", "f'{{{}}}'", "[{} for x in {}]")  # fmt: skip
    values = {"a": 6, "b": 4, "word": "wide", "flag": True, "none": None, "half": 0.5, "many": [1]}

    def text(choose, depth):
        if not depth:
            return choose.choice(atoms)
        form = choose.choice(forms)
        return form.format(*(text(choose, choose.randrange(depth)) for _ in range(2)))

    understood = 0
    for seed in range(2 * LAYERS):
        choose = random.Random(f"expression {seed}")
        expression = f"${{{text(choose, choose.randrange(1, 4))}}}"
        spec = {"input": 5, "parameters": values, "layers": [{"linear": expression}]}
        try:
            understood += survives(spec, "")
        except BaseException:
            print(f"seed {seed}: {expression}")  # noqa: T201
            raise
    assert 0 < understood < 2 * LAYERS
