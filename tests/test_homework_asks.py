"""What questions can ask for: right values worked by hand, and invalid questions."""

import inspect
from itertools import product

import pytest
import yaml

import cnncalc
from cnncalc import layers
from cnncalc.api import summarize
from cnncalc.core.errors import CnncalcError, UsageError, Where
from cnncalc.homework import asks, network, sheet
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.marking import Marker
from cnncalc.homework.mistakes.printed_slip import Printed
from cnncalc.homework.question import question
from cnncalc.homework.written import Name, Number, Terms, format_value
from cnncalc.spec import text

CONV = "{conv: {filters: 10, kernel: 5, padding: 2}, input: 3x32x32}"
ALEXNET = "{conv: {filters: 96, kernel: 11, stride: 4}, input: 3x227x227}"
_STRIDED = "conv: {filters: 4, kernel: 3, stride: 2, padding: 1}"
STRIDED = f"{{layers: [{{{_STRIDED}}}, {{{_STRIDED}, name: last}}], input: 1x9x9, layer: last}}"
POOL = "{max_pool: {kernel: 3, stride: 2}, input: 96x55x55}"


UP = "{conv_transpose: {filters: 6, kernel: 3}, input: 8x9x9}"
EACH = "{depthwise_conv: {kernel: 3}, input: 8x9x9}"


def marked(given, ask, answer):
    source = f"questions: [{{given: {given}, ask: {ask}, answer: {answer}}}]"
    (mark,) = Marker().sheet(sheet.read(text.read(source, "ada.yaml"))).marks
    return mark


@pytest.mark.parametrize("ask", tuple(asks.every()), ids=lambda ask: ask.name)
def test_a_quantity_is_explained_and_found_by_its_names(ask):
    assert (inspect.getdoc(ask) or "").endswith((".", '"'))
    for word in (ask.name, ask.title, ask.name.upper(), *ask.aliases):
        assert asks.find(word) is ask


def test_an_unknown_quantity_suggests_the_nearest():
    with pytest.raises(UsageError, match="'parametrs'; did you mean 'parameters'"):
        asks.find("parametrs")
    with pytest.raises(UsageError, match="'colour'; choose from additions, backward_macs, "):
        asks.find("colour")


@pytest.mark.parametrize(
    ("given", "ask", "answer"),
    [
        (CONV, "shape", "10x32x32"),
        (CONV, "params", "760"),
        (CONV, "weights", "750"),
        (CONV, "bias", "10"),
        (CONV, "macs", "768,000"),
        (CONV, "flops", "1,536,000"),
        (CONV, "activations", "10,240"),
        (CONV, "memory", "40,960 B"),
        (CONV, "model size", "3,040 B"),
        (CONV, "rf", "5"),
        (CONV, "rf", "5x5 pixels"),
        # 75 products and 74 additions for each of 10,240 outputs, and a bias: 75 additions.
        (CONV, "multiplications", "768,000"),
        (CONV, "additions", "778,240"),
        (CONV, "ops", "1,546,240"),
        (CONV, "connections", "778,240"),  # and a bias
        ("{subsampling: 2, input: 6x28x28}", "connections", "5,880"),  # LeNet-5's S2: 5·6·14·14
        ("{linear: {out_features: 84, bias: false}, input: 120}", "connections", "10,080"),
        (ALEXNET, "weights per neuron", "363"),  # CS231n: 11·11·3
        (ALEXNET, "weight shape", "96x3x11x11"),
        (ALEXNET, "im2col", "363x3025"),  # CS231n's notes, 55·55 positions
        (ALEXNET, "filter matrix", "96x363"),
        ("{linear: {out_features: 84}, input: 120}", "fan_in", "120"),
        ("{linear: {out_features: 84}, input: 120}", "weight shape", "84x120"),
        # Two convolutions of stride 2: one output of the second moves by 4 pixels.
        (STRIDED, "jump", "4"),
        (STRIDED, "receptive field centre", "0.5"),  # 7 pixels from −3: −3 + 7/2
        (STRIDED, "start", "-3"),  # one pixel of padding, then one of 2 pixels
        # The gradient of the weights; the image needs none.
        (CONV, "backward macs", "768,000"),
        (POOL, "comparisons", "559,872"),  # 8 for each of 96·27·27
        ("{avg_pool: 2, input: 1x4x4}", "divisions", "4"),
        ("{sigmoid: , input: 5}", "exponentials", "5"),
        ("{conv: {filters: 1, kernel: [3, 5]}, input: 1x9x9}", "rf", "3x5"),
        # Windows: (227 − 11)/4 = 54.
        ("{N: 227, F: 11, S: 4}", "stride_legal", "legal"),
        ("{N: 7, F: 3, S: 3}", "stride_legal", "illegal"),
        ("{N: 3, F: 5}", "stride_legal", "no"),
        ("{N: 7, F: 3, S: 3}", "is this stride legal", "no"),
        ("{N: 7, F: 3, S: 3}", "which padding keeps the size", "P = 1"),
        ("{N: 3, F: 5, P: 1}", "stride_legal", "yes"),
        (POOL, "stride_legal", "yes"),
        ("{conv: {filters: 8, kernel: 7}, input: 3x4x4}", "stride_legal", "no"),
        (CONV, "same_padding", "2"),
        ("{conv: {filters: 8, kernel: 3, dilation: 2}, input: 3x9x9}", "same_padding", "2"),
        ("{N: 227, F: 11, output: 55}", "stride", "4"),
        ("{N: 224, F: 7, P: 3, output: 112}", "required_stride", "2"),
        ("{conv: {filters: 8, kernel: 11}, input: 3x227x227, output: 55x55}", "stride", "4"),
        ("{conv: {filters: 8, kernel: 11}, input: 3x227x227, output: 8×55×55}", "stride", "4"),
        ("{max_pool: 3, input: 96x55x55, output: [27, 27]}", "stride", "2"),
        (POOL, "stride", "2"),
    ],
)
def test_right_answers_by_hand(given, ask, answer):
    mark = marked(given, ask, f'"{answer}"')
    assert (mark.outcome.value, mark.why) == ("right", "")


@pytest.mark.parametrize(
    ("given", "ask", "why"),
    [
        ("{linear: 4, input: 9}", "stride_legal", "has no sliding window"),
        (
            "{linear: 4, input: 9}",
            "im2col_input",
            "im2col_input: the layer is not a convolution that can be computed as a single",
        ),
        (
            "{conv_transpose: {filters: 4, kernel: 2}, input: 3x9x9}",
            "stride_legal",
            "stride_legal: the layer has no sliding window",
        ),
        ("{max_pool: {kernel: 3, padding: 2}, input: 3x9x9}", "stride_legal", "more than half"),
        ("{conv: {filters: 8, kernel: 7}, input: 3x4x4}", "shape", "larger than the input"),
        ("{conv: {filters: 8, kernal: 7}, input: 3x4x4}", "stride_legal", "no field 'kernal'"),
        (
            "{conv: {filters: 8, kernel: 4}, input: 3x9x9}",
            "same_padding",
            "has no padding that keeps",
        ),
        (
            "{conv: {filters: 8, kernel: [3, 5]}, input: 3x9x9}",
            "same_padding",
            "has no padding that keeps the size",
        ),
        (
            "{conv: {filters: 8, kernel: 3}, input: 9}",
            "same_padding",
            "same_padding: the layer has no sliding window",
        ),
        ("{N: 20, F: 3, output: 19}", "stride", "has no stride that gives an output size of 19"),
        (
            "{N: 20, F: 3, output: 3}",
            "stride",
            "has several strides, 6 to 8, that give an output size of 3",
        ),
        ("{N: 20, F: 3, output: 1}", "stride", "has an output size of 1"),
        ("{N: 20, F: 3, output: lots}", "stride", "'output' must be a size, such as 55 or 55x55"),
        (
            "{conv: {filters: 8, kernel: 3}, input: 3x9x21, output: 4x7}",
            "stride",
            "needs a different stride along each axis",
        ),
        (
            "{conv: {filters: 8, kernel: 3}, input: 3x9, output: 4x4x4}",
            "stride",
            "has 3 sizes, but the input 3×9 has 2",
        ),
        ("{linear: 4, input: 9, output: 4}", "stride", "has no sliding window"),
        ("{linear: 4, input: 9}", "rf", "has no receptive field"),
        ("{linear: 4, input: 9}", "jump", "has no receptive field"),
        ("{input: 3x9x9}", "shape", "or 'layers' and their input, an 'architecture' or a window"),
    ],
)
def test_invalid_questions_are_refused(given, ask, why):
    mark = marked(given, ask, "4")
    assert mark.outcome.value == "unreadable"
    assert why in mark.why
    assert "\n" not in mark.why


@pytest.mark.parametrize("kind", layers.names())
def test_a_window_question_about_any_kind_and_shape_is_answered_or_refused(kind):
    given = layers.load(kind).examples[0].given
    asked = [one for one in asks.every() if one.geometry]
    for ask, shape in product(asked, ("7", "3x9", "3x9x9", "3x9x9x9")):
        item = text.located({kind: given, "input": shape}, Where(""))
        try:
            answer = question(ask, *network.given_network(item, ask)).derivation.answer
        except CnncalcError:
            continue
        assert answer


# 1·8·8 pixels, 4·6·6 outputs of the convolution, 10 units; 4 bytes each.
SMALL = {
    "architecture": {
        "input": "1x8x8",
        "layers": [{"conv": {"filters": 4, "kernel": 3}}, {"linear": 10}],
    }
}


@pytest.mark.parametrize(
    ("ask", "answer", "outcome", "remark"),
    [
        ("peak_memory", "832 B", "right", ""),  # the image and the outputs: 64 + 144 numbers
        ("peak_memory", "616 B", "wrong", ""),  # without the image
        ("memory", "872 B", "right", ""),  # 64 + 144 + 10 numbers
        ("memory", "616 B", "right", "counted in memory without input"),
        ("memory_without_input", "616 B", "right", ""),
        ("memory_without_input", "872 B", "wrong", ""),
        ("backward_macs", "4,176", "right", ""),  # 9·4·36, not for the image, and 2·144·10
    ],
)
def test_totals_of_memory_are_marked(ask, answer, outcome, remark):
    [graded] = cnncalc.grade({**SMALL, "answers": {"totals": {ask: answer}}})
    assert graded.answers[0]["outcome"] == outcome
    assert remark in graded.answers[0]["remark"]


LINEAR = "{linear: 100, input: 784}"
TWO = "[{linear: {out_features: 100}, name: a}, {linear: 10, name: b}]"
FIRST = f"{{layers: {TWO}, input: 784, layer: %s}}"
BOTH = "these are the backward macs of a first layer"


@pytest.mark.parametrize(
    ("given", "ask", "answer", "outcome", "notes"),
    [
        (LINEAR, "backward_macs", "156,800", "right", ()),  # 2·784·100
        (LINEAR, "backward_macs", "78,400", "right", (BOTH,)),
        (LINEAR, "backward_macs", "78,500", "wrong", ()),
        (LINEAR, "backward_macs_of_a_first_layer", "78,400", "right", ()),
        (LINEAR, "backward_macs_of_a_first_layer", "156,800", "wrong", ()),
        (FIRST % "a", "backward_macs", "78,400", "right", ()),
        (FIRST % "a", "backward_macs", "156,800", "wrong", ()),
        (FIRST % "b", "backward_macs", "2,000", "right", ()),
        (FIRST % "b", "backward_macs", "1,000", "wrong", ()),
        # Three tokens, a width of 4: the scores and sums, 3·3·4 each, and the projections.
        ("{attention: 1, input: 4x3}", "backward_macs", "528", "right", ()),  # 2·(4·48 + 72)
        ("{attention: 1, input: 4x3}", "backward_macs", "384", "right", (BOTH,)),  # 528 − 3·48
        ("{relu: {}, input: 784}", "backward_macs", "0", "right", ()),
    ],
)
def test_a_layer_by_itself_may_be_anywhere_in_a_network(given, ask, answer, outcome, notes):
    mark = marked(given, ask, f"'{answer}'")
    assert (mark.outcome.value, mark.reading.notes) == (outcome, notes)


def test_only_the_first_layer_can_be_asked_about_as_a_first_layer():
    with pytest.raises(UsageError, match="is not the first layer"):
        question(
            asks.find("backward macs of a first layer"),
            summarize({"input": "784", "layers": [{"linear": 9}, {"linear": 9, "name": "b"}]}),
            "b",
        )


def test_the_layer_function_counts_the_gradients_of_the_inputs():
    assert cnncalc.layer("linear", 784, out_features=100).cost.backward_macs == 156_800
    assert cnncalc.layer("matmul", "1x2x3", "1x3x4").cost.backward_macs == 48  # 2·2·3·4


GERON = {
    "input": "3x200x300",
    "layers": [
        {"conv": {"filters": filters, "kernel": 3, "stride": 2, "padding": "same"}}
        for filters in (100, 200, 400)
    ],
}
"""Géron, Hands-On Machine Learning, chapter on CNNs, exercise 2."""


@pytest.mark.parametrize(
    ("ask", "answer", "outcome", "remark"),
    [
        ("peak_memory", "9,000,000", "right", "this is the peak without copies"),
        ("peak_memory", "12,613,600 B", "right", "this is the peak with parameters"),
        ("peak_memory", "15,100,400", "right", ""),  # with PyTorch's padded copy of conv2's input
        ("peak_with_parameters", "12.6 MB", "right", "rounded"),
        ("peak_with_parameters", "9 MB", "wrong", ""),
        ("peak_without_copies", "9 MB", "right", ""),
        ("peak_without_copies", "10,520,000", "wrong", "incorrect; no"),  # all three maps
        ("peak_without_copies", "11,240,000", "wrong", "incorrect; no"),  # and the image
        ("peak_memory", "11,240,000", "wrong", "incorrect; no"),
    ],
)
def test_the_peak_of_a_textbook_exercise_is_marked(ask, answer, outcome, remark):
    [graded] = cnncalc.grade({"architecture": GERON, "answers": {"totals": {ask: answer}}})
    assert (graded.answers[0]["outcome"], graded.answers[0]["remark"][: len(remark)]) == (
        outcome,
        remark,
    )


def test_the_peak_without_layers_that_hold_maps_is_the_input():
    flat = {"architecture": {"input": "3x8x8", "layers": ["flatten"]}}
    answers = {"totals": {"peak_without_copies": "768 B"}}  # 3·8·8 numbers of 4 bytes
    [graded] = cnncalc.grade({**flat, "answers": answers})
    assert graded.answers[0]["outcome"] == "right"


def test_a_field_may_start_at_its_center():
    asked = {"name": "q", "given": yaml.safe_load(STRIDED), "ask": "start", "answer": "0.5"}
    [graded] = cnncalc.grade({"questions": [asked]})
    assert graded.answers[0]["remark"] == "this is the receptive field centre"


def test_the_peak_of_a_layer_or_a_block_is_not_asked_for():
    with pytest.raises(UsageError, match="ask about the network"):
        question(asks.load("peak_memory"), cnncalc.summarize("1x8x8-4C3-10N"), "conv1")
    with pytest.raises(UsageError, match="is part of a network; ask about the network"):
        question(asks.load("peak_memory"), cnncalc.summarize("resnet18"), "layer1")


def test_the_peak_is_derived_with_its_layer():
    asked = question(asks.load("peak_memory"), cnncalc.summarize("1x8x8-4C3-10N"))
    assert asked.derivation.answer == "832 B, at conv1"


@pytest.mark.parametrize(
    ("given", "ask"),
    [
        ("{relu: , input: 5}", "weights_per_neuron"),
        ("{conv_transpose: {filters: 1, kernel: 2, stride: 2}, input: 1x4x4}", "fan_in"),
        ("{conv: {filters: 4, kernel: 3, groups: 2}, input: 2x4x4}", "im2col"),
        ("{linear: 4, input: 5}", "im2col"),
        ("{conv_transpose: {filters: 4, kernel: 3}, input: 4x4x4}", "im2col"),
        ("{batch_norm: , input: 2x4x4}", "weight_shape"),
        ("{conv: {filters: 1, kernel: 3, stride: [1, 2]}, input: 1x9x9}", "jump"),
    ],
)
def test_a_quantity_that_a_layer_lacks_is_refused(given, ask):
    assert marked(given, ask, 1).outcome.value == "unreadable"


def test_memory_in_elements_is_accepted_with_a_note():
    mark = marked(CONV, "memory", '"10,240"')
    assert (mark.outcome.value, mark.reading.notes) == ("right", ("counted in elements",))


@pytest.mark.parametrize(
    ("network", "ask", "answer"),
    [
        ("{conv: {filters: 10, kernel: 5}, input: 3x32x32}", "memory", "31,360 B = 31.36 kB"),
        ("{linear: 10, input: 3}", "memory", "40 B"),
        ("{linear: 10, input: 3}", "parameter_memory", "40 · 4 = 160 B"),
        (
            "{N: 3, F: 5}",
            "stride_legal",
            "illegal because a window of 5 is larger than the input of 3: (N − F)/S",
        ),
        (
            "{N: 2, F: 5, P: 1}",
            "stride_legal",
            "illegal because a window of 5 is larger than the padded input of 4: (N − F + 2·P)/S",
        ),
    ],
)
def test_derivations_end_with_the_answer(network, ask, answer):
    mark = marked(network, ask, "77")
    derivation = mark.answer.question.derivation
    assert derivation.answer.startswith(answer)


def test_an_empty_sum_has_a_plain_derivation():
    report = summarize({"input": "3x4x4", "layers": ["relu"]})
    asked = question(asks.find("params"), report)
    assert asked.derivation.answer == format_value(asked.value) == "0"


def test_a_printed_figure_is_not_added_up():
    figure, report = Number.read("1.5"), summarize({"input": "3x4x4", "layers": ["relu"]})
    with pytest.raises(NoAnswer, match="has no total"):
        Printed(figure, "").summands(report.rows, report)


def test_a_block_has_no_total_of_a_quantity_that_does_not_add_up():
    spec = {
        "input": "1x9x9",
        "blocks": {"two": {"layers": [{"conv": {"filters": 4, "kernel": 3}}] * 2}},
        "layers": [{"two": {}, "name": "both"}],
    }
    with pytest.raises(UsageError, match="stride_legal: layer 'both' is not a single layer"):
        question(asks.find("stride_legal"), summarize(spec), "both")


def test_an_incomplete_quantity_raises_a_type_error():
    with pytest.raises(TypeError, match="abstract"):
        Ask()
    with pytest.raises(TypeError, match="weights is not computed from other answers"):
        asks.load("weights").make([], None)


def test_a_name_belongs_to_one_quantity_only(monkeypatch):
    monkeypatch.setattr(type(asks.load("macs")), "aliases", ("flops",))
    asks._spellings.cache_clear()
    with pytest.raises(TypeError, match="'flops' names both flops and macs"):
        asks.find("macs")
    monkeypatch.undo()
    asks._spellings.cache_clear()


def test_a_quantity_without_a_formula_shows_its_value():
    class Plain(asks.load("elements").__class__):
        explained = None

    report = summarize({"input": "3x4x4", "layers": [{"relu": {}, "name": "r"}]})
    derivation = question(Plain(), report, "r").derivation
    assert (derivation.workings, derivation.answer) == ((), "48")


@pytest.mark.parametrize(
    ("given", "ask", "answer", "remark"),
    [
        (CONV, "how many multiplications", "768,000", ""),
        (CONV, "rf", "5x5x3", "with the depth of the input"),
        (CONV, "rf", "3@5x5", "with the depth of the input"),
        (CONV, "weight_shape", "10x3x5x5", ""),
        (CONV, "weight tensor", "5x5x3x10", "in the order of Keras"),
        (UP, "weight_shape", "8x6x3x3", ""),
        (UP, "weight_shape", "3x3x6x8", "in the order of Keras"),
        (UP, "weight_shape", "6 filters of 3x3x8", "each filter with its channels last"),
        (EACH, "weight_shape", "8x1x3x3", ""),
        (EACH, "weight_shape", "3x3x8x1", "in the order of Keras"),
        (EACH, "weight_shape", "3x3x1x8", "in the order of Keras"),
        (ALEXNET, "im2col", "363 x 3025", ""),
        (ALEXNET, "kernel_matrix", "96x363", ""),
    ],
)
def test_right_answers_in_other_words(given, ask, answer, remark):
    mark = marked(given, ask, f"'{answer}'")
    assert (mark.outcome.value, ", ".join(mark.reading.notes)) == ("right", remark)


@pytest.mark.parametrize(
    ("given", "ask", "answer", "says"),
    [
        (CONV, "rf", "5x5x4", ""),
        (CONV, "rf", "4x6x3", ""),
        (CONV, "rf", "5x5x3x1", ""),
        (CONV, "weight_shape", "5x5x10x3", "swapped the input and output channels"),
        (CONV, "weight_shape", "7", ""),
        (UP, "weight_shape", "8 filters of 3x3x6", ""),
        ("{conv: {filters: 8, kernel: 3}, input: 1x8x8}", "weight_shape", "3x3x8x1", "swapped"),
        (ALEXNET, "im2col", "3025x363", "swapped the rows and columns of the matrix"),
        (POOL, "shape", "96x27.5x27.5", ""),  # (55 − 3)/2 + 1 = 27 is whole
        ("{max_pool: {kernel: 3, stride: 2}, input: 4x8x8}", "shape", "3.5x3.5x4", "did not round"),
        ("{max_pool: {kernel: 3, stride: 2}, input: 4x8x8}", "shape", "3.5x3.5", "did not round"),
        ("{max_pool: {kernel: 3, stride: 2}, input: 4x8x8}", "elements", "49", "did not round"),
        ("{max_pool: {kernel: 3, stride: 2}, input: 4x8x8}", "shape", "4x3.2x3.5", ""),
    ],
)
def test_wrong_answers_in_other_words(given, ask, answer, says):
    mark = marked(given, ask, f"'{answer}'")
    assert mark.outcome.value == "wrong"
    found = [one.slip.says for one in mark.diagnoses]
    assert any(one.startswith(says) for one in found) if says else found == []


def test_a_strict_shape_of_weights_is_that_of_pytorch():
    for answer, outcome in (("10x3x5x5", "right"), ("5x5x3x10", "wrong")):
        source = f"questions: [{{given: {CONV}, ask: weight_shape, answer: {answer}}}]"
        read = sheet.read(text.read(source, "ada.yaml"))
        assert Marker(Terms(strict=True)).sheet(read).marks[0].outcome.value == outcome


def test_the_unrounded_size_is_derived():
    mark = marked("{max_pool: {kernel: 3, stride: 2}, input: 4x8x8}", "elements", "49")
    assert mark.diagnoses[0].derivation.answer == "(N − F)/S + 1 = (8 − 3)/2 + 1 = 3.50"


def test_a_name_is_not_a_number():
    assert Name("conv1").agrees(3) is None
