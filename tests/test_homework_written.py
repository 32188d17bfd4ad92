"""Answers are read as people write them."""

from fractions import Fraction

import pytest

from cnncalc.errors import UsageError
from cnncalc.homework.written import Matrix, Number, Size, Terms, Verdict, read
from cnncalc.shape import Map, Vector

AGREEING = [
    ("34,944", 34_944, "", ()),
    ("34 944", 34_944, "", ()),
    ("34944", 34_944, "", ()),
    ("35K", 34_944, "", ("rounded",)),
    ("34.9k", 34_944, "", ("rounded",)),
    ("34.1K", 34_944, "", ("K = 1024", "rounded")),  # 34,944 / 1024 = 34.125
    ("~138M", 138_357_544, "", ("rounded",)),
    ("138 million", 138_357_544, "", ("rounded",)),
    ("1.5e9", 1_498_376_192, "MACs", ("rounded",)),
    ("1.5 GMACs", 1_498_376_192, "MACs", ("rounded",)),
    ("1.5B", 1_498_376_192, "", ("rounded",)),
    ("(11*11*3+1)*96", 34_944, "", ()),
    ("(11·11·3 + 1) × 96", 34_944, "", ()),
    ("11x11x3x96", 34_848, "", ()),
    ("4 * 34,944", 139_776, "", ()),
    ("2^20", 1_048_576, "", ()),
    ("7/3", Fraction(7, 3), "", ()),
    ("2.33", Fraction(7, 3), "", ("rounded",)),
    ("60.95 MB", 60_950_432, "B", ("rounded",)),
    ("58.13 MiB", 60_950_432, "B", ("rounded",)),
    ("58.1 MB", 60_950_432, "B", ("K = 1024", "rounded")),
    ("60950432 B", 60_950_432, "B", ()),
    ("9,292,800 bits", 1_161_600, "B", ("in bits",)),
    ("(5*5*3+1)*10 = 760", 760, "", ()),
]


@pytest.mark.parametrize(("text", "truth", "unit", "notes"), AGREEING)
def test_a_number_agrees(text, truth, unit, notes):
    reading = read(text, (Number,)).agrees(truth, unit)
    assert reading is not None
    assert reading.notes == notes


@pytest.mark.parametrize(
    ("text", "truth", "unit"),
    [
        ("34,943", 34_944, ""),
        ("33K", 34_944, ""),
        ("35000", 34_944, ""),
        ("36K", 34_944, ""),
        ("60.95 MiB", 60_950_432, "B"),
        ("93 MB", 60_950_432, "B"),
        ("1.16 MB", 290_400, ""),
        ("1.5 GFLOPs", 1_498_376_192, "MACs"),
        ("100M", 138_357_544, ""),
        ("2.34", Fraction(7, 3), ""),
        ("1", True, ""),
        ("96", Vector(96), ""),
    ],
)
def test_a_number_does_not_agree(text, truth, unit):
    assert read(text, (Number,)).agrees(truth, unit) is None


def test_strict_terms_let_nothing_pass():
    strict = Terms(strict=True)
    assert read("35K", (Number,)).agrees(34_944, terms=strict) is None
    assert read("34.944K", (Number,)).agrees(34_944, terms=strict) is not None
    assert read("55x55x96", (Size,)).agrees(Map(96, (55, 55)), terms=strict) is None


def test_a_tolerance_is_a_part_of_the_truth():
    kind = Terms(tolerance=Fraction(1, 100))
    assert read("34,600", (Number,)).agrees(34_944, terms=kind) is not None
    assert read("34,500", (Number,)).agrees(34_944, terms=kind) is None


@pytest.mark.parametrize(
    ("given", "truth", "notes"),
    [
        ("96x55x55", Map(96, (55, 55)), ()),
        ("55×55×96", Map(96, (55, 55)), ("channels last",)),
        ("55*55*96", Map(96, (55, 55)), ("channels last",)),
        ("96@55x55", Map(96, (55, 55)), ()),
        ([96, 55, 55], Map(96, (55, 55)), ()),
        ("(96, 55, 55)", Map(96, (55, 55)), ()),
        (4096, Vector(4096), ()),
        ("1x1x4096", Vector(4096), ("a vector as a map of one position",)),
    ],
)
def test_a_shape_agrees(given, truth, notes):
    assert read(given, (Size,)).agrees(truth).notes == notes


def test_what_is_asked_decides_what_a_product_means():
    assert read("55*55*96", (Number,)).agrees(290_400) is not None
    assert read("55*55*96", (Size,)).agrees(290_400) is None


@pytest.mark.parametrize(("word", "yes"), [("yes", True), ("illegal", False), (True, True)])
def test_a_verdict(word, yes):
    assert read(word, (Verdict,)).agrees(yes) is not None
    assert read(word, (Verdict,)).agrees(not yes) is None


@pytest.mark.parametrize("given", [[[19, 25], [37, 43]], "19 25; 37 43", "[[19, 25], [37, 43]]"])
def test_a_matrix(given):
    assert read(given, (Matrix,)).agrees(((19, 25), (37, 43))) is not None
    assert read(given, (Matrix,)).agrees(((19, 25), (37, 44))) is None
    assert read(given, (Matrix,)).agrees(((19, 25),)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9**9**9", "a power is larger than any size"),
        ("x + 1", "nothing here is named 'x'"),
        ("print(1)", "is not allowed here"),
        ("__import__('os').system('ls')", "is not allowed here"),
        ("1/0", "divides by zero"),
        ("lots", "nothing here is named 'lots'"),
        ("9" * 200, "is larger than any size"),
        ("(" * 200, "is not an expression"),
        ("1" * 400, "has at most 300 characters"),
    ],
)
def test_what_is_hostile_gets_one_sentence(text, says):
    with pytest.raises(UsageError) as refused:
        read(text, (Number,))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
