"""Answers are read as people write them."""

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from cnncalc.api import summarize
from cnncalc.core.errors import UsageError
from cnncalc.core.shape import Map, Vector
from cnncalc.homework import asks
from cnncalc.homework.convolution import of
from cnncalc.homework.question import question
from cnncalc.homework.written import Matrix, Number, Size, Terms, Verdict, format_value, read

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
    ("96·[11·11·3 + 1]", 34_944, "", ()),
    ("[11·11·3 + 1] × 96", 34_944, "", ()),
    ("96[11·11·3 + 1]", 34_944, "", ()),
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
    ("= 760", 760, "", ()),
    ("(11·11·3+1)·96 ≈ 35K", 34_944, "", ("rounded",)),
    ("(11*11*3+1)*96 = 34,944 = 35K", 34_944, "", ("rounded",)),
    ("34,944 (35K)", 34_944, "", ()),
    ("34,944 (=35K)", 34_944, "", ()),
    ("34,944 (= 35K)", 34_944, "", ()),
    ("35K (34,944)", 34_944, "", ("rounded",)),
    ("34'944", 34_944, "", ()),
    ("34_944", 34_944, "", ()),
    ("34,9 K", 34_944, "", ("rounded",)),
    ("34.9 thousand", 34_944, "", ("rounded",)),
    ("0.035 million parameters", 34_944, "", ("rounded",)),
    ("35K trainable parameters", 34_944, "", ("rounded",)),
    ("approx. 35,000", 34_944, "", ("rounded",)),
    ("circa 35k", 34_944, "", ("rounded",)),
    ("11²·3·96 + 96", 34_944, "", ()),
    ("3.5 × 10⁴", 34_944, "", ("rounded",)),
    ("3.5*10**4", 34_944, "", ("rounded",)),
    ("3.5·10^(4)", 34_944, "", ("rounded",)),
    ("0.035e+6", 34_944, "", ("rounded",)),
    ("1.5 G multiply-accumulates", 1_498_376_192, "MACs", ("rounded",)),
    ("60.95 megabytes", 60_950_432, "B", ("rounded",)),
    ("58.13 mebibytes", 60_950_432, "B", ("rounded",)),
    ("487.6 Mbit", 60_950_432, "B", ("in bits", "rounded")),
    ("2 1/3", Fraction(7, 3), "", ()),
    ("-2 1/3", Fraction(-7, 3), "", ()),
    ("10 − 2 1/3", Fraction(23, 3), "", ()),
    ("2 1/3 · 3", 7, "", ()),
    ("3 x 2 1/3", 7, "", ()),
    ("2 1/3(4 − 1)", 7, "", ()),
    ("none", 0, "", ()),
    ("−3", -3, "", ()),
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


def test_strict_terms_accept_only_exact_values():
    strict = Terms(strict=True)
    assert read("35K", (Number,)).agrees(34_944, terms=strict) is None
    assert read("34.944K", (Number,)).agrees(34_944, terms=strict) is not None
    assert read("55x55x96", (Size,)).agrees(Map(96, (55, 55)), terms=strict) is None


def test_a_tolerance_is_relative_to_the_right_value():
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
        ("120", Map(120, (1, 1)), ("a map of one position as a vector",)),
        ("96 55 55", Map(96, (55, 55)), ()),
        ("(96, 55, 55) (C x H x W)", Map(96, (55, 55)), ()),
        ("96x55x55 = 290,400", Map(96, (55, 55)), ()),
        ("55² × 96", Map(96, (55, 55)), ("channels last",)),
        ("55^2x96", Map(96, (55, 55)), ("channels last",)),
        ("28x28", Map(1, (28, 28)), ("of one channel",)),
        ("7x7 pixels", 7, ()),
        (7, 7, ()),
    ],
)
def test_a_shape_agrees(given, truth, notes):
    assert read(given, (Size,)).agrees(truth).notes == notes


def test_the_question_decides_how_a_product_is_read():
    assert read("55*55*96", (Number,)).agrees(290_400) is not None
    assert read("55*55*96", (Size,)).agrees(290_400) is None


@pytest.mark.parametrize("given", ["55x55x97", "55x55", "8", "7x8", "2x96x55x55x1"])
def test_a_shape_does_not_agree(given):
    found = Size.read(given)
    assert found.agrees(Map(96, (55, 55))) is None
    assert found.agrees(7) is None
    assert found.agrees(True) is None


@pytest.mark.parametrize("given", [[1] * 11, "96x55x-55"])
def test_too_many_or_negative_sizes_are_not_a_shape(given):
    assert Size.read(given) is None


@pytest.mark.parametrize("given", [[1, 10], "(None, 10)", "1x10", "[-1, 10]", "(N, 10)"])
def test_the_batch_in_front_of_a_vector_is_accepted_with_a_note(given):
    spec = {"input": "1x4x4", "layers": ["flatten", {"linear": 10, "name": "fc"}]}
    asked = question(asks.find("shape"), summarize(spec), "fc")
    assert asked.agrees(asked.read(given)).notes == ("with the batch size",)
    assert asked.agrees(asked.read(given), Terms(strict=True)) is None


@pytest.mark.parametrize(
    ("given", "batch"),
    [
        ("1x96x55x55", 1),
        ("32x96x55x55", 32),
        ("1x96x55x55", 32),
        ("None x 55 x 55 x 96", 1),
        ("(None, 55, 55, 96)", 1),
        ("N×96×55×55", 32),
        ("[-1, 96, 55, 55]", 1),
    ],
)
def test_a_leading_batch_is_accepted_with_a_note(given, batch):
    spec = {"input": "3x227x227", "layers": [{"conv": {"filters": 96, "kernel": 11, "stride": 4}}]}
    asked = question(asks.find("shape"), summarize(spec, batch=batch), "conv1")
    written = asked.read(given)
    assert asked.agrees(written).notes[-1] == "with the batch size"
    assert asked.agrees(written, Terms(strict=True)) is None
    assert asked.agrees(asked.read("2x96x55x55")) is None
    assert asked.agrees(asked.read("1x96x54x54")) is None


@pytest.mark.parametrize(
    ("word", "yes"),
    [
        ("yes", True),
        ("illegal", False),
        (True, True),
        ("Legal.", True),
        ("it fits", True),
        ("it is legal", True),
        ("No, 3 does not divide 4", False),
        ("illegal (2.33)", False),
        ("it doesn’t fit!", False),
        ("not allowed because of the fraction", False),
        ("no - 2.33", False),
    ],
)
def test_verdicts_are_read(word, yes):
    assert read(word, (Verdict,)).agrees(yes) is not None
    assert read(word, (Verdict,)).agrees(not yes) is None


@pytest.mark.parametrize(
    ("words", "yes"),
    [
        (
            "stride 3 is illegal; the stride of 3 is not legal; it isn't legal; this is not ok",
            False,
        ),
        ("nope; can't; cannot; it's illegal; not an integer; no it isn't; no it is not; ✗", False),
        ("it is not allowed, 4/3; illegal stride; does not work; it’s invalid", False),
        ("it cannot fit; that can't work; not divisible; stride 3 cannot divide 4", False),
        (
            "the stride is legal; stride 2 is legal; legal stride; is legal; yes it is; yes legal",
            True,
        ),
        ("not illegal; it fits; works; fine; ✓; yep; yes, 3 divides 6; it is an integer", True),
    ],
)
def test_verdicts_in_many_wordings_are_read(words, yes):
    for word in words.split("; "):
        assert read(word, (Verdict,)).agrees(yes) is not None, word


@pytest.mark.parametrize("word", ["maybe", "yes and no", "2.33", "", "3 legal", "illegal or legal"])
def test_other_texts_are_not_verdicts(word):
    assert Verdict.read(word) is None


@pytest.mark.parametrize("given", [[[19, 25], [37, 43]], "19 25; 37 43", "[[19, 25], [37, 43]]"])
def test_matrices_are_read(given):
    assert read(given, (Matrix,)).agrees(of([[19, 25], [37, 43]])) is not None
    assert read(given, (Matrix,)).agrees(of([[19, 25], [37, 44]])) is None
    assert read(given, (Matrix,)).agrees(of([[19, 25]])) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9**9**9", "a power has too many digits"),
        ("x + 1", "'x + 1' is not a number: 'x' is not defined; write a number in its place"),
        ("3*index", "'index' is not defined; write a number in its place"),
        ("print(1)", "is not allowed here"),
        ("__import__('os').system('ls')", "is not allowed here"),
        ("1/0", "divides by zero"),
        ("lots", "'lots' is not a number; write it like 34,944, 35K"),
        ("9" * 200, "is too large"),
        ("(" * 200, "is not an expression"),
        ("1" * 400, "has at most 300 characters"),
        ("1 < 2", "is not a number"),
        ("'a'", "is not a number"),
        ("~", "is not a number; write"),
        (True, "'true' is not a number"),
        (["a"], "'[a]' is not a number"),
        ("5 apples", "is not a number; write"),
        ("no idea", "is not a number; write"),
        ("lots (about 3 million)", "'lots (about 3 million)' is not a number"),
        ("5 (" + "a" * 100, "is not an expression"),
        ("(5", "is not a number; write"),
    ],
)
def test_hostile_text_gets_one_sentence(text, says):
    with pytest.raises(UsageError) as refused:
        read(text, (Number,))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["many", "index", "1 < 2"])
def test_a_text_that_is_not_a_number_is_reported_once(text):
    with pytest.raises(UsageError, match=r"35K, 1\.5e9, 93 MB or \(11\*11\*3\+1\)\*96$"):
        read(text, (Number,))


def test_invalid_matrices_are_refused():
    with pytest.raises(UsageError, match="row 2 has 1 number, but row 1 has 2 numbers"):
        read("1 2; 3", (Matrix,))
    assert Matrix.read([[1, 2], [True, 4]]) is None
    one = Matrix.read([1, 2])
    assert one.agrees(of([1, 2])) is not None
    assert one.agrees(Map(1, (2,))) is None
    assert one.differs(Map(1, (2,))) == ""
    assert one.agrees(3) is None
    assert Matrix.read("0.33 1").agrees(of(["1/3", 1])).notes == ("rounded",)


IMAGE = [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]
SIGNAL = [[1, 2, 3]]


@pytest.mark.parametrize(
    ("given", "truth", "notes"),
    [
        ("1 2 3; 4 5 6 | 7 8 9; 10 11 12", IMAGE, ()),
        ("[[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]", IMAGE, ()),
        ([[[1, 7], [2, 8], [3, 9]], [[4, 10], [5, 11], [6, 12]]], IMAGE, ("channels last",)),
        ("1 2 3", SIGNAL[0], ()),
        ("[[1, 2, 3]]", SIGNAL[0], ()),
        ("1; 2; 3", SIGNAL[0], ("as columns",)),
        ("1/3 * 3 6 9", SIGNAL[0], ()),
        ("2/2, 4/2, 1+2", SIGNAL[0], ()),
        ("1\n2\n3", SIGNAL[0], ("as columns",)),
        ("19", [[19]], ()),
        (19, [[19]], ()),
        ("−1 ~0.33", ["-1", "1/3"], ("rounded",)),
    ],
)
def test_matrices_in_many_styles_are_read(given, truth, notes):
    assert read(given, (Matrix,)).agrees(of(truth)).notes == notes
    strict = read(given, (Matrix,)).agrees(of(truth), terms=Terms(strict=True))
    assert (strict is None) == bool(notes)


def test_signals_of_several_channels_are_rows():
    signals = of("1 2 3 | 4 5 6")
    assert read("1 2 3; 4 5 6", (Matrix,)).agrees(signals).notes == ()
    assert read("1 4; 2 5; 3 6", (Matrix,)).agrees(signals).notes == ("as columns",)
    assert format_value(signals) == "1 2 3 | 4 5 6"


@pytest.mark.parametrize(
    ("given", "truth", "says"),
    [
        ("1 2; 3 5", [[1, 2], [3, 4]], "1 of 4 numbers is wrong: (2,2) is 4, not 5"),
        ("1 2 3", [[1, 2], [3, 4]], "it is 1×3, but the right size is 2×2"),
        (
            "1 1 | 1 1",
            "1 2 | 3 4",
            "3 of 4 numbers are wrong: (1,2) is 2, not 1; (2,1) is 3, not 1; (2,2) is 4, not 1",
        ),
        (
            "0 0 0 0",
            [1, 2, 3, 4],
            "4 of 4 numbers are wrong: (1) is 1, not 0; (2) is 2, not 0; (3) is 3, not 0; ...",
        ),
    ],
)
def test_the_first_wrong_number_of_a_matrix_is_located(given, truth, says):
    assert read(given, (Matrix,)).differs(of(truth)) == says


def test_right_values_are_formatted_for_people():
    assert format_value(34_944, "B") == "34,944 B"
    assert format_value(True) == "yes"
    assert format_value(Fraction(1, 3)) == "1/3"
    assert format_value(Map(96, (55, 55))) == "96×55×55"
    assert format_value(of([[1, 2], [3, 4]])) == "1 2; 3 4"


def test_the_resolution_of_a_value_counts_its_possible_values():
    assert Verdict("yes", True).resolution > 100
    assert Number.read("760").resolution == 760
    assert Number.read("35K").resolution == 35
    assert Size.read("96x55x55").resolution == 96 * 55
    assert Matrix.read("19 25").resolution == 19 * 25


def test_a_rounded_number_overlaps_the_range_it_stands_for():
    number = Number.read("35K")
    assert number.overlaps(34_000, 34_600) is not None
    assert number.overlaps(34_000, 34_400) is None
    assert number.overlaps(34_000, 34_600, terms=Terms(strict=True)) is None
    assert Size.read("35").overlaps(35, 35) is None


@pytest.mark.parametrize(
    ("text", "truth", "unit", "notes"),
    [
        ("params = 34,944", 34_944, "", ()),
        ("#params: 34,944 (trainable)", 34_944, "", ()),
        ("P = 2", 2, "", ()),
        ("2 pixels on each side", 2, "", ()),
        ("C*F*F*K + K = 3*11*11*96 + 96 = 34,944", 34_944, "", ()),
        ("96(11*11*3+1)", 34_944, "", ()),
        ("96(364)", 34_944, "", ()),
        ("34,944(35K)", 34_944, "", ()),
        ("34,944 (34944)", 34_944, "", ()),
        ("$34{,}944$", 34_944, "", ()),
        ("$11 \\times 11 \\times 3 \\cdot 96 + 96$", 34_944, "", ()),
        ("3.5 \\cdot 10^4", 34_944, "", ("rounded",)),
        ("34.944", 34_944, "", ("a point between thousands",)),
        ("62.378.344", 62_378_344, "", ()),
        ("138 Mio.", 138_357_544, "", ("rounded",)),
        ("138M (approx.)", 138_357_544, "", ("rounded",)),
        ("138,000,000 approximately", 138_357_544, "", ("rounded",)),
        ("138,357,544 (~138M)", 138_357_544, "", ()),
        ("138M ≈ 138,357,544", 138_357_544, "", ()),
        ("15,470,264,320 multiplications", 15_470_264_320, "MACs", ()),
        ("15237608*4 bytes", 60_950_432, "B", ()),
        ("15237608*4/1024/1024 MiB", 60_950_432, "B", ()),
        ("15.2M * 4 bytes = 61 MB", 60_950_432, "B", ("rounded",)),
        ("61 Mb", 60_950_432, "B", ("rounded",)),
        ("487.6 Mb", 60_950_432, "B", ("in bits", "rounded")),
        ("-", 0, "", ()),
        ("no parameters", 0, "", ()),
        ("no trainable weights", 0, "", ()),
        ("760 (76 for each filter, with its bias => 76*10 = 760)", 760, "", ()),
        ("150 weights + 6 biases", 156, "", ()),
        ("2 pixels of zero padding on each side", 2, "", ()),
        ("0 learnable parameters", 0, "", ()),
        ("1.2k learned weights", 1_216, "", ("rounded",)),
    ],
)
def test_numbers_in_more_styles_are_read(text, truth, unit, notes):
    assert sorted(read(text, (Number,)).agrees(truth, unit).notes) == sorted(notes)


@pytest.mark.parametrize(
    ("text", "truth", "unit"),
    [
        ("34.9440", 34_944, ""),
        ("34.943", 34_944, ""),
        ("0.944", 944, ""),
        ("34.944K", 34_944_000, ""),
        ("487.6 MB", 60_950_432, "B"),
        ("-", 34_944, ""),
    ],
)
def test_texts_that_only_look_like_numbers_are_refused(text, truth, unit):
    assert read(text, (Number,)).agrees(truth, unit) is None


def test_an_unexpected_unit_is_reported():
    assert (
        Number.read("35 KB").differs(34_944)
        == "the answer is in bytes, but the question asks for a plain number"
    )
    assert (
        Number.read("35K MACs").differs(1, "B")
        == "the answer is in MACs, but the question asks for bytes"
    )
    assert Number.read("35 Kbit").differs(1, "B") == ""
    assert Number.read("35").differs(1, "B") == ""


@pytest.mark.parametrize(
    ("given", "truth", "agrees"),
    [
        ("138000000", 138_357_544, True),
        ("138,400,000", 138_357_544, True),
        ("139,000,000", 138_357_544, False),
        ("3,100", 3_136, True),
        ("3,130", 3_136, False),
        ("100", 104, False),
    ],
)
def test_trailing_zeros_may_be_rounding(given, truth, agrees):
    number = Number.read(given)
    assert number.agrees(truth) is None
    found = number.as_rounded
    assert (found is not None and found.agrees(truth) is not None) == agrees


@pytest.mark.parametrize(
    "text",
    [
        "55 by 55 by 96",
        "55-by-55-by-96",
        "batch x 96 x 55 x 55",
        "torch.Size([1, 96, 55, 55])",
        "torch.Size([96, 55, 55])",
        "C=96, H=55, W=55",
        "(H: 55, W: 55, C: 96)",
        "55 (W) x 55 (H) x 96",
        "96 maps of 55x55",
        "96 feature maps of size 55x55",
        "55x55, 96 channels",
        "depth 96, 55×55",
        "96;55;55",
        "<96,55,55>",
        "96x55x55.",
        "96⨯55✕55",
        "$96 \\times 55 \\times 55$",
        "55.0x55.0x96",
        "output = 96x55x55",
        "output size: 96x55x55",
        "96 x ((227-11)/4+1) x 55",
        "96 x (227-11)/4+1 x (227-11)/4+1",
        "55x55x96 = 290,400",
    ],
)
def test_shapes_in_more_styles_are_read(text):
    written = read(text, (Size,))
    shapes = (written, written.of_one(1))
    assert any(one and one.agrees(Map(96, (55, 55))) for one in shapes)


@pytest.mark.parametrize(
    "text",
    [
        "(33 - 3)/2 + 1 = 16 → 16x16x8",
        "(33-3)/2+1=16; 8x16x16",
        "(33−3)/2 + 1 = 16, so the map is 16×16×8.",
        "33/2 = 16.5, rounded down: 8 x 16 x 16",
        "(33-3)/2+1 = 16 -> (16x16x8)",
        "16x16x8 (the stride of 2 halves 33, rounded down)",
    ],
)
def test_a_shape_may_follow_the_working_of_its_size(text):
    assert read(text, (Size,)).agrees(Map(8, (16, 16))) is not None
    assert read(text, (Size,)).agrees(Map(8, (16, 15))) is None


@pytest.mark.parametrize("text", ["4,096", "(4096,)", "4096 neurons", "1x1x4096"])
def test_vectors_in_many_styles_are_read(text):
    assert read(text, (Size,)).agrees(Vector(4096)) is not None


def writings_of(count, rng):
    """A count as people may write it, by string handling alone."""
    grouped = f"{count:,}"
    yield from (str(count), grouped, f"{count}.0", f"~{count}", f"params = {count}", f"N: {count}")
    yield from (grouped.replace(",", mark) for mark in (" ", "_", "'", "\u202f", "{,}"))
    yield from (
        f"{count - 7} + 7",
        f"2({count}) − {count}",
        f"{2 * count}/2",
        f"{3 * count}/3 values",
    )
    yield from (f"{grouped} ({count})", f"about {grouped} parameters", f"{count} (total)")
    if count >= 10**6:
        yield grouped.replace(",", ".")
    for power, (letter, word) in enumerate(
        (("K", "thousand"), ("M", "million"), ("G", "billion")), 1
    ):
        places = rng.randint(0, 3)
        digits = f"{Decimal(count) / 1000**power:.{places}f}"
        if len(digits.replace(".", "").strip("0")) > 1 and count >= 1000**power:
            yield from (f"{digits}{letter}", f"~{digits} {letter.lower()}", f"{digits} {word}")
            yield f"{digits}{letter} (approx.)"
    scientific = f"{count:.{rng.randint(1, 4)}e}"
    power = str(int(scientific.partition("e")[2]))
    digits = scientific.partition("e")[0]
    yield from (f"{digits}e{power}", f"{digits} x 10^{power}", f"{digits} \\cdot 10^{power}")


def test_every_spelling_of_a_right_count_is_accepted():
    rng = Random(7)
    for _ in range(400):
        count = rng.randrange(1, 10 ** rng.randint(1, 12))
        for text in writings_of(count, rng):
            assert read(text, (Number,)).agrees(count) is not None, (text, count)


def test_every_spelling_of_a_right_shape_is_accepted():
    rng = Random(8)
    for _ in range(1000):
        c, h, w = (rng.randrange(1, 999) for _ in range(3))
        marks = rng.choice(["x", " × ", ", ", "*", " by ", ";", " ", " \\times ", "·"])
        text = marks.join(map(str, rng.choice([(c, h, w), (h, w, c)])))
        text = rng.choice(["{}", "({})", "[{}]", "<{}>", "{}.", "output: {}", "shape = {}"]).format(
            text
        )
        assert read(text, (Size,)).agrees(Map(c, (h, w))) is not None, text


@pytest.mark.parametrize("text", ["5", "5x5", "(7-3)/1+1", "1x5x5", "(7-3)/1 + 1 = 5", "N_out = 5"])
def test_a_stand_alone_window_has_one_size_per_axis(text):
    assert read(text, (Size,)).agrees(Map(1, (5,))) is not None


@pytest.mark.parametrize("text", ["5x6", "6x6", "1x1", "(7-3)/1"])
def test_wrong_sizes_of_a_stand_alone_window(text):
    assert read(text, (Size,)).agrees(Map(1, (5,))) is None


@pytest.mark.parametrize("text", ["3 2 1/3", "1/2 1/3", "2^2 1/3", "1.5 1/3"])
def test_two_numbers_are_not_a_mixed_number(text):
    with pytest.raises(UsageError, match="is not a number"):
        read(text, (Number,))


@pytest.mark.parametrize("text", ["(227-11)/5", "1/3x2", "9**9**9", "a(3)x4"])
def test_other_texts_are_not_shapes(text):
    with pytest.raises(UsageError, match="is not a shape; write it like 96x55x55"):
        read(text, (Size,))


def test_very_many_sizes_are_not_the_shape_of_a_map():
    assert read("x".join("2" * 99), (Size,)).agrees(Map(2, (2, 2))) is None


SAME_SHAPE = (
    "8 x (28 x 28); (28 · 28) · 8; 8 @ (28 x 28); 28px x 28px x 8; 28x28 (8 channels); 28 ⨉ 28 ⨉ 8;"
    "h=28,w=28,c=8; height 28, width 28, depth 8; width: 28, height: 28, channels: 8; 28, 28 and 8;"
    "28 high, 28 wide, 8 deep; 8 images of size 28x28; 28 × 28 × 8 volume; 28x28x8 -> 6,272;"
    "TensorShape([None, 28, 28, 8]); (m, 28, 28, 8); bs, 8, 28, 28; [*, 8, 28, 28]; HWC 28x28x8;"
    "the output is 28x28x8; 28x28x8!; \\(28\\times28\\times8\\); `28x28x8`; It is (28, 28, 8)."
)


@pytest.mark.parametrize("text", [text.strip() for text in SAME_SHAPE.split(";")])
def test_a_shape_may_have_words_and_markup_around_it(text):
    spec = {"input": "3x32x32", "layers": [{"conv": {"filters": 8, "kernel": 5}}]}
    asked = question(asks.find("shape"), summarize(spec), "conv1")
    assert asked.agrees(asked.read(text))


SAME_NUMBER = {
    608: "The answer is 608; It has 608 parameters.; 608 in total; 608 each; 608 with bias;"
    "**608**; 608 incl. biases; 608!; <b>608</b>; \\boxed{608}; \\(608\\); 0,608 K;"
    "about 608 per image",
    62_378_344: "62’378’344; 62,4 Millionen; 62.4 millions; 6.24 E+7; over 62 million; 62,4 Mio;"
    "a little over 62 million; nearly 62.4 million; 6,23,78,344; 62_378_344 learnable parameters",
    470_400: "470400 MAC operations; 470,400 multiplications per image; 5⋅5⋅3 ∙ 6272; 0,4704 Mio",
}


@pytest.mark.parametrize(
    ("text", "truth"),
    [(text.strip(), truth) for truth, texts in SAME_NUMBER.items() for text in texts.split(";")],
)
def test_a_number_may_have_words_and_markup_around_it(text, truth):
    assert read(text, (Number,)).agrees(truth, "MACs" if "MAC" in text else "")


@pytest.mark.parametrize(
    "text", ["25088 octets", "25,1 Ko", "6272 floats * 4 bytes", "24.5KiB each"]
)
def test_bytes_may_be_octets(text):
    assert read(text, (Number,)).agrees(25_088, "B")


@pytest.mark.parametrize("text", ["15O", "1O0", "P=15O", "2*1O", "3O0 MB"])
def test_the_letter_o_after_a_digit_is_not_read(text):
    with pytest.raises(
        UsageError, match="is not a number: it has the letter O; write 0 for zero, or B for bytes"
    ):
        read(text, (Number,))


@pytest.mark.parametrize("text", ["150 o", "150o", "0,15 ko", "0,15KO", "150 OCTETS"])
def test_a_unit_may_begin_with_the_letter_o(text):
    assert read(text, (Number,)).agrees(150, "B")


@pytest.mark.parametrize(
    "text",
    [
        *("not 608", "it is not 608", "never 608", "608 or 600", "608 lakh", "608 Ko", "608 K"),
        *("0,608", "608**2 in total", "6**08**", "-608", "600-610", "608 (no, 600)", "is it 60 8"),
        *("28x28x8 -> 14x14x8", "28x28x8 -> 6271", "28x28 (3 channels)", "H=28, W=28, C=3"),
    ],
)
def test_other_words_around_a_value_are_not_skipped(text):
    with suppress(UsageError):
        written = read(text, (Size, Number))
        assert written.agrees(Map(8, (28, 28))) is written.agrees(608) is None


def test_sizes_in_brackets_may_be_a_product():
    written = read("(5 x 5) x 784", (Size,))
    assert written.agrees(Map(5, (5, 784)))
    assert written.agrees(Map(25, (784,)))


@pytest.mark.parametrize(
    ("ask", "texts"),
    [
        (
            "weight_shape",
            "96x3x11x11; 96 x (3 x 11 x 11); 11x11x3x96; 96 filters of size 11x11x3; 96×11×11×3;"
            "96 kernels of 11 × 11 × 3; (96,3,11,11) OIHW",
        ),
        (
            "im2col_input",
            "363x3025; 363 rows and 3025 columns; 363 x 3,025; 11*11*3 x 55*55; 11²·3 × 55²;"
            "(11x11x3) x (55x55); 363 × 55²",
        ),
        ("im2col_filters", "96 × (11·11·3) = 96 × 363; 96 rows, 363 columns"),
    ],
)
def test_matrices_and_weight_tensors_in_other_words_are_read(ask, texts):
    asked = question(asks.find(ask), summarize("alexnet"), "conv1")
    for text in texts.split(";"):
        assert asked.agrees(asked.read(text.strip())), text


def test_a_name_may_be_in_a_sentence():
    asked = question(asks.find("most_parameters"), summarize("alexnet"), None)
    right = "It is fc6; The layer with the most parameters is fc6.; fc6, with 37,752,832 of them"
    for text in (*right.split("; "), "fc6 has the most parameters", "fc6 because 9216*4096"):
        assert asked.agrees(asked.read(text)), text
    for text in ("It is not fc6", "fc7 has more than fc6", "fc6 or fc7", "fc7, not fc6"):
        assert not asked.agrees(asked.read(text)), text


def test_sizes_with_unknown_labels_are_refused():
    with pytest.raises(UsageError):
        read("K=96, C=3, F=11", (Size,))


def test_none_may_be_written_as_a_sentence():
    for text in ("there are none", "it has no parameters", "Pooling layers have no weights"):
        assert read(text, (Number,)).agrees(0)


def test_a_vector_may_be_in_words():
    for text in ("a vector of 10", "vector of length 10", "10 values", "10 classes"):
        assert read(text, (Size,)).agrees(Vector(10))


@pytest.mark.parametrize(
    ("texts", "yes"),
    [
        ("(7-3)/3+1=2.33 so no; 2.33, so illegal; 2.33 → not legal; does not divide", False),
        ("(7-3)/2+1 = 3 so yes; 3, so it's legal; it fits exactly; it divides evenly", True),
    ],
)
def test_a_verdict_may_follow_its_working(texts, yes):
    for text in texts.split("; "):
        assert read(text, (Verdict,)).agrees(yes) is not None, text
        assert read(text, (Verdict,)).agrees(not yes) is None
