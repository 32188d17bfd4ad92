"""Follow-through: an answer that follows from the student's earlier answers is not wrong again."""

import pytest

from cnncalc.homework import feedback, sheet
from cnncalc.homework.marking import Marker
from cnncalc.spec import text

NETWORK = """
architecture:
  name: a network
  input: 1x32x32
  layers:
    - {conv: {filters: 6, kernel: 5}, name: c1}
    - {max_pool: 2, name: p1}
    - {conv: {filters: 16, kernel: 5}, name: c2}
    - {linear: 10, name: fc}
"""
# Right: c1 6×28×28, 156 parameters, 117,600 MACs; p1 6×14×14; c2 16×10×10, 2,416; fc 16,010.


def marks(answers, network=NETWORK):
    read = sheet.read(text.read(f"{network}\nanswers: {answers}", "ada.yaml"))
    return {mark.answer.label: mark for mark in Marker().sheet(read).marks}


def outcome(answers, label, network=NETWORK):
    mark = marks(answers, network)[label]
    return mark.outcome.value, mark.why


@pytest.mark.parametrize(
    ("answers", "label", "why"),
    [
        # Earlier shapes: 27/2 is 13, 13 − 4 is 9, 16·9·9·10 + 10 is 12,970.
        ("{c1: {shape: 6x27x27}, p1: {shape: 6x13x13}}", "p1 shape", "your answer for c1"),
        ("{c1: {shape: 6x27x27}, c2: {shape: 16x9x9}}", "c2 shape", "your answer for c1"),
        ("{c2: {shape: 9x9x16}, fc: {params: 12970}}", "fc parameters", "your answer for c2"),
        ("{c1: {shape: 6x27x27}, fc: {params: 12970}}", "fc parameters", "your answer for c1"),
        # The student's shapes of the same layer: 5·5·6·27·27, 6·27·27, 4 bytes each.
        ("{c1: {shape: 6x27x27, macs: 109350}}", "c1 macs", "your answer for c1"),
        ("{c1: {shape: 6x27x27, flops: 218.7K}}", "c1 flops", "your answer for c1"),
        ("{c1: {shape: 6x27x27, elements: 4374}}", "c1 elements", "your answer for c1"),
        ("{c1: {shape: 6x27x27, memory: 17.5 kB}}", "c1 memory", "your answer for c1"),
        ("{c1: {shape: 3x28x28, macs: 58800}}", "c1 macs", "your answer for c1"),
        # Both: 5·5·6·16·8·8 for an input of 13×13 and an output of 8×8.
        (
            "{p1: {shape: 6x13x13}, c2: {shape: 16x8x8, macs: 153600}}",
            "c2 macs",
            "your answers for p1 and c2",
        ),
        # Quantities of the same layer.
        ("{c1: {biases: 1, params: 151}}", "c1 parameters", "your answer for biases"),
        (
            "{c1: {weights: 140, biases: 7, params: 147}}",
            "c1 parameters",
            "your answers for weights and biases",
        ),
        ("{c1: {macs: 100000, flops: 200K}}", "c1 flops", "your answer for macs"),
        ("{c1: {macs: 118K, flops: 236K}}", "c1 flops", "your answer for macs"),
        ("{c1: {elements: 4000, memory: 16 kB}}", "c1 memory", "your answer for elements"),
        (
            "{c1: {params: 160, parameter_memory: 640 B}}",
            "c1 parameter memory",
            "your answer for parameters",
        ),
        # Totals: 150 + 2,416 + 16,010; with the student's shapes 156 + 2,416 + 12,970.
        (
            "{c1: {params: 150}, totals: {params: 18576}}",
            "total parameters",
            "the answers that you added up",
        ),
        (
            "{c1: {shape: 6x27x27}, totals: {params: 15542}}",
            "total parameters",
            "the answers that you added up",
        ),
        (
            "{totals: {weights: 18500, biases: 32, params: 18532}}",
            "total parameters",
            "your answer for weights",
        ),
        # Rounded parts: 0.2K + 2.4K + 16K.
        (
            "{c1: {params: 0.2K}, c2: {params: 2.4K}, fc: {params: 16K}, totals: {params: 18600}}",
            "total parameters",
            "the answers that you added up",
        ),
        # Receptive fields: 5, then 7 + 1, then 8 + 4·2.
        (
            "{p1: {rf: 8}, c2: {rf: 16}}",
            "c2 receptive field",
            "your answers for the earlier layers",
        ),
        ("{p1: {rf: 7 + 1}, c2: {rf: 16}}", "c2 receptive field", "your answers for the"),
        ("{p1: {rf: 8x8}, c2: {rf: 16x16}}", "c2 receptive field", "your answers for the"),
    ],
)
def test_values_that_follow_from_earlier_answers_get_credit(answers, label, why):
    got, said = outcome(answers, label)
    assert got == "follows"
    assert said.startswith(why)


def test_the_end_of_the_network_follows_too():
    ended = NETWORK.replace("    - {linear: 10, name: fc}\n", "")
    answers = "{c1: {shape: 6x27x27}, totals: {shape: 16x9x9}}"
    assert outcome(answers, "total shape", ended) == ("follows", "your answer for c1")
    answers = "{p1: {rf: 8}, totals: {rf: 16}}"
    assert outcome(answers, "total receptive field", ended)[0] == "follows"


@pytest.mark.parametrize(
    ("answers", "label"),
    [
        ("{c1: {shape: 6x27x27}, p1: {shape: 6x12x12}}", "p1 shape"),
        ("{c1: {shape: 6x27x27, macs: 109351}}", "c1 macs"),
        ("{c1: {shape: 6x27x27, params: 157}}", "c1 parameters"),
        ("{c1: {shape: lots, macs: 109350}}", "c1 macs"),
        ("{c1: {shape: 27, macs: 109350}}", "c1 macs"),
        ("{c1: {shape: 6x2x2}, c2: {shape: 16x9x9}}", "c2 shape"),  # 5×5 on 1×1
        ("{c1: {shape: 6x2x2}, c2: {params: 2000}}", "c2 parameters"),
        ("{c1: {shape: 6x2x2}, fc: {params: 2000}}", "fc parameters"),
        ("{c1: {params: 35K}, totals: {params: 1}}", "total parameters"),
        ("{c1: {macs: 5 B}, totals: {macs: 1}}", "total macs"),
        ("{c1: {macs: }, totals: {macs: 1}}", "total macs"),
        ("{p1: {rf: 6.5}, c2: {rf: 17}}", "c2 receptive field"),
        ("{p1: {rf: 6}, c2: {rf: 17}}", "c2 receptive field"),
        ("{c1: {rf: 5}, c2: {rf: 17}}", "c2 receptive field"),
        ("{c1: {shape: 6x27x27}, fc: {shape: 11}}", "fc shape"),
        ("{c1: {shape: 6x27x27}, totals: {shape: 11}}", "total shape"),
        ("{fc: {shape: 100}, totals: {shape: 100}}", "total shape"),
    ],
)
def test_a_value_that_does_not_follow_is_wrong(answers, label):
    assert outcome(answers, label)[0] == "wrong"


ALEXNET = "architecture: alexnet"  # conv1: 227 → 55 with F = 11; pool1: 55 → 27 with F = 3
ILLEGAL = "architecture: {input: 1x7x7, layers: [{conv: {filters: 1, kernel: 3, stride: 3}}]}"


@pytest.mark.parametrize(
    ("network", "answers"),
    [
        (ALEXNET, "{conv1: {shape: 96x56x56, stride: 1}}"),  # no stride gives 56
        (ALEXNET, "{conv1: {shape: 96x54x54, stride: 0}}"),
        (ALEXNET, "{conv1: {shape: 96x54x54, stride: no}}"),
        (ALEXNET, "{conv1: {shape: 96x54x54}, pool1: {stride: 1}}"),  # none leads from 54 to 27
        (ILLEGAL, "{conv1: {shape: 1x3x3, legal: yes}}"),  # 3 does not divide 7 − 3
    ],
)
def test_a_window_does_not_follow_from_a_shape_that_it_cannot_have(network, answers):
    *_, mark = marks(answers, network).values()
    assert mark.outcome.value == "wrong"


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ("{conv1: {shape: 96x44x44, stride: 5}}", "your answer for conv1"),  # 216/5 + 1 = 44.2
        (
            "{conv1: {shape: 96x57x57}, pool1: {shape: 96x19x19, stride: 3}}",  # 54/3 + 1 = 19
            "your answers for conv1 and pool1",
        ),
    ],
)
def test_a_stride_follows_from_the_shapes_around_it(answers, why):
    *_, mark = marks(answers, ALEXNET).values()
    assert (mark.outcome.value, mark.why) == ("follows", why)


def test_a_rounded_right_part_does_not_hide_a_mistake_in_the_total():
    # 156 rounds to 0.2K, which may be 175; but 156 is right, so that nothing follows from it.
    mark = marks("{c1: {params: 0.2K}, totals: {params: 18601}}")["total parameters"]
    assert mark.outcome.value == "wrong"
    assert mark.diagnoses == ()


def test_a_mistake_on_top_of_earlier_answers_is_diagnosed():
    mark = marks("{c1: {shape: 6x27x27}, c2: {shape: 16x8x8}}")["c2 shape"]
    assert feedback.remark(mark) == (
        "forgot the + 1 in the output size (given your earlier answers)"
    )
    derivation = mark.diagnoses[0].derivation
    assert derivation.answer == "16×8×8 (from an input of 6×13×13)"


def test_the_working_is_diagnosed_if_the_result_cannot_be():
    mark = marks('{c1: {params: "5*5*6 = 151.5"}}')["c1 parameters"]
    assert [one.name for one in mark.diagnoses[0].slip.mistakes] == ["bias_forgotten"]


def test_answers_about_blocks_carry_over():
    network = "architecture: googlenet"
    answers = "{inception3a: {shape: 256x27x27}, inception3b: {shape: 480x27x27, params: 1}}"
    assert outcome(answers, "inception3b shape", network) == (
        "follows",
        "your answer for inception3a.output",
    )


def test_a_map_that_a_linear_layer_reads_may_come_from_several_axes():
    network = """
architecture:
  input: 12x40
  layers: [{conv: {filters: 8, kernel: 3}, name: c1}, {linear: 4, name: fc}]
"""
    answers = "{c1: {shape: 8x37, macs: 10656}, fc: {params: 1188}}"
    assert outcome(answers, "c1 macs", network)[0] == "follows"  # 3·12·8·37
    assert outcome(answers, "fc parameters", network)[0] == "follows"  # 8·37·4 + 4


def test_answers_about_joins_carry_over_with_all_inputs():
    network = """
architecture:
  input: 3x8x8
  layers:
    - {conv: {filters: 4, kernel: 1}, name: a}
    - {conv: {filters: 5, kernel: 1}, name: b, from: input}
    - {concat: {from: [a, b]}, name: joined}
"""
    answers = "{a: {shape: 2x8x8}, joined: {shape: 7x8x8, elements: 448}}"
    assert outcome(answers, "joined shape", network) == ("follows", "your answer for a")
    assert outcome(answers, "joined elements", network)[0] == "follows"


def test_a_layer_on_another_branch_is_not_a_reason():
    network = """
architecture:
  input: 3x8x8
  layers:
    - {conv: {filters: 4, kernel: 3}, name: a}
    - {conv: {filters: 4, kernel: 3}, name: b, from: input}
    - {max_pool: 2, name: p, from: a}
    - {conv: {filters: 7, kernel: 2}, name: c}
"""
    answers = "{a: {shape: 4x8x8}, b: {shape: 5x6x6}, c: {shape: 7x3x3}}"  # 8/2 is 4, 4 − 1 is 3
    assert outcome(answers, "c shape", network) == ("follows", "your answer for a")


def test_receptive_fields_carry_over():
    network = """
architecture:
  input: {image: 1x9x9, signal: 1x9}
  layers:
    - {conv: {filters: 1, kernel: 3}, name: a, from: image}
    - {flatten: {}, name: b}
    - {flatten: {}, name: c, from: signal}
    - {concat: {from: [b, c]}, name: d}
    - {conv: {filters: 1, kernel: 3}, name: e, from: a}
"""
    answers = "{a: {rf: 4}, e: {rf: 6}}"
    assert outcome(answers, "e receptive field", network)[0] == "follows"


def test_free_standing_questions_do_not_follow_from_others():
    answers = """{c1: {shape: 6x27x27}}
questions:
  - {given: {conv: {filters: 6, kernel: 5}, input: 1x32x32}, ask: elements, answer: 4374}
"""
    assert outcome(answers, "question 1")[0] == "wrong"
