"""Which mistakes are reported for a wrong value, in which order, and when none is."""

import pytest

import cnncalc
from cnncalc.api import summarize
from cnncalc.core.errors import LayerError, UsageError
from cnncalc.homework import asks, feedback, mistakes
from cnncalc.homework.diagnosis import MOST, Slips
from cnncalc.homework.marking import Marker, Outcome
from cnncalc.homework.mistakes.scale_or_shift import OneForEachChannel
from cnncalc.homework.question import question
from cnncalc.homework.written import Size, Terms, Written

CONV = {"conv": {"filters": 10, "kernel": 5, "padding": 2}}
NETWORK = {
    "name": "a network",
    "input": "1x32x32",
    "layers": [
        {"conv": {"filters": 6, "kernel": 5, "padding": 2}, "name": "c1"},
        {"max_pool": 2, "name": "p1"},
        {"conv": {"filters": 16, "kernel": 5}, "name": "c2"},
        {"max_pool": 2, "name": "p2"},
        {"linear": 10, "name": "fc"},
    ],
}


def of_layer(layer, input, ask, **given):
    network = {"input": input, "layers": [{**layer, "name": "layer"}]}
    return question(asks.find(ask), summarize(network, **given), "layer")


def of_network(ask, layer=None, network=NETWORK, **given):
    return question(asks.find(ask), summarize(network, **given), layer)


def diagnosed(asked, text):
    found = Slips(asked).diagnose(asked.read(text))
    return [tuple(one.name for one in diagnosis.slip.mistakes) for diagnosis in found]


def remark(asked, text, terms=None):
    return feedback.remark(Marker(terms or Terms()).mark(asked, text))


# What is reported.


@pytest.mark.parametrize(
    ("ask", "text", "says"),
    [
        ("parameters", "250", "left out the biases, and forgot the depth of the filters"),
        ("parameters", "750", "left out the biases"),
        ("shape", "32x32", "left out the number of channels (the other sizes are right)"),
        ("shape", "32", "left out the number of channels (the other sizes are right)"),
        ("macs", "1.54 MFLOPs", "gave FLOPs (two for each MAC) instead of MACs"),
        ("elements", "40,960 bytes", "gave bytes instead of the number of elements"),
        ("memory", "41 KiB", "confused decimal units (1 MB = 10⁶ bytes) with binary ones (1 MiB"),
        ("parameters", "760 MACs", "used the wrong unit"),
    ],
)
def test_the_mistake_is_named_in_words(ask, text, says):
    assert remark(of_layer(CONV, "3x32x32", ask), text).startswith(says)


def test_several_possible_mistakes_are_listed_most_likely_first():
    pool = of_layer({"max_pool": {"kernel": 3, "stride": 2}}, "64x112x112", "shape")
    ranked = ["ceil_for_floor", "fraction_rounded", "divided_by_stride"]
    assert diagnosed(pool, "64x56x56") == [(name,) for name in ranked]


def test_one_filter_of_a_transposed_convolution_has_the_channels_of_its_group():
    fields = {"filters": 6, "kernel": 3, "groups": 2, "bias": False}
    conv = of_layer({"conv_transpose": fields}, "4x32x32", "macs")
    assert conv.value == 3 * 3 * 2 * 6 * 32 * 32  # every filter reads 2 of the 4 channels
    assert ("filters_forgotten",) in diagnosed(conv, "18,432")  # 3·3·2·32·32
    assert ("filters_forgotten",) not in diagnosed(conv, "36,864")  # 3·3·4·32·32
    assert remark(conv, "18,432").startswith("counted only one filter")


def test_units_in_the_titles_of_mistakes_are_written_as_units():
    titles = {name: mistakes.load(name).title for name in ("mb_for_mib", "macs_for_flops")}
    assert titles == {"mb_for_mib": "MB for MiB", "macs_for_flops": "MACs for FLOPs"}


def test_a_mistake_made_in_several_places_is_reported_once():
    layers = [{"linear": 50, "name": "a"}, {"linear": 50, "name": "b"}, {"linear": 50, "name": "c"}]
    total = of_network("parameters", network={"input": "50", "layers": layers})
    (found,) = Slips(total).diagnose(total.read("5,100"))  # 2550 each
    assert (
        found.slip.says == "left a layer out of the total (without a, or without b, or without c)"
    )
    many = [{"linear": 50, "name": f"fc{i}"} for i in range(9)]
    total = of_network("parameters", network={"input": "50", "layers": many})
    (found,) = Slips(total).diagnose(total.read(str(8 * 2550)))
    assert found.slip.says.count("without") == MOST


def test_a_mistake_with_several_values_that_round_alike_is_reported_once():
    lenet = question(asks.find("params"), summarize("lenet5"), None)
    assert remark(lenet, "61.8K") == "treated the pooling layer as a convolution with weights"


def test_two_mistakes_are_reported_only_if_one_does_not_explain_the_value():
    conv = of_layer(CONV, "3x32x32", "parameters")
    assert diagnosed(conv, "750") == [("bias_forgotten",)]
    assert diagnosed(conv, "250")[0] == ("bias_forgotten", "filter_depth_forgotten")


def test_auxiliary_heads_are_named():
    total = of_network("parameters", network="googlenet")
    assert remark(total, "13,378,280").endswith("only during training (aux1, aux2)")


def test_two_mistakes_in_one_formula_are_diagnosed():
    conv = of_layer(CONV, "3x32x32", "shape")
    (found,) = Slips(conv).diagnose(conv.read("10x29x29"))  # 32 − 5 + 2
    assert [one.name for one in found.slip.mistakes] == ["padding_once", "plus_one_forgotten"]
    assert found.derivation.workings[-1].text().endswith("⌊(32 − 5 + 2)/1⌋ + 1 − 1 = 29")


def test_a_mistake_without_effect_is_diagnosed_together_with_another():
    fields = {"filters": 8, "kernel": 3, "stride": 4, "padding": 1}
    conv = of_layer({"conv": fields}, "2x28x28", "shape")
    assert str(conv.value) == "8×7×7"  # ⌊27/4⌋ + 1, and ⌊25/4⌋ + 1 without the padding
    assert diagnosed(conv, "8x26x26") == [("padding_forgotten", "stride_forgotten")]  # 28 − 3 + 1


def test_mistakes_with_equal_arithmetic_are_reported_once():
    layers = [
        {"linear": 5, "name": "middle"},
        {"linear": 64, "name": "aux"},
        {"linear": 5, "name": "end", "from": "middle"},
    ]
    total = of_network("parameters", network={"input": "50", "layers": layers})
    # 255 + 30: leaving out the side output is leaving out that layer.
    assert diagnosed(total, "285") == [("auxiliary_heads_left_out",)]


def test_a_diagnosis_that_fails_leaves_the_other_answers_alone(monkeypatch):
    def fail(self, written):
        raise AttributeError(self.question.label)

    monkeypatch.setattr(Slips, "diagnose", fail)
    marker = Marker()
    wrong = marker.mark(of_layer(CONV, "3x32x32", "parameters"), "750")
    right = marker.mark(of_layer(CONV, "3x32x32", "shape"), "10x32x32")
    assert (wrong.outcome, right.outcome) == (Outcome.WRONG, Outcome.RIGHT)
    assert feedback.remark(wrong) == "incorrect; the mistake could not be diagnosed"
    assert [one.title for one in feedback.workings(wrong)] == ["correct answer"]


# When nothing is reported.


@pytest.mark.parametrize("text", ["77", "2e3", "~600", "0.5"])
def test_a_value_that_no_mistake_gives_is_not_explained(text):
    conv = of_layer(CONV, "3x32x32", "parameters")
    assert diagnosed(conv, text) == []
    assert remark(conv, text) == "incorrect; no common mistake gives this value"


def test_a_one_digit_number_is_not_diagnosed():
    conv = of_layer(CONV, "3x32x32", "macs")
    assert diagnosed(conv, "2.56e5") == [("filter_depth_forgotten",)]
    assert diagnosed(conv, "3e5") == []  # 250,000 to 350,000 could be anything


def test_small_numbers_are_not_explained_by_pairs():
    field = of_network("receptive_field", "p2")  # 1 + 4 + 1 + 4·2 + 2 = 16
    assert diagnosed(field, "16") == []
    slips = Slips(field)
    by_pairs = {slip.value for slip in slips.pairs} - {slip.value for slip in slips.single}
    assert by_pairs
    assert all(diagnosed(field, str(value)) == [] for value in by_pairs if value < 100)


def test_a_wrong_verdict_gets_the_reason():
    asked = of_layer({"conv": {"filters": 1, "kernel": 3, "stride": 3}}, "1x7x7", "stride_legal")
    assert diagnosed(asked, "legal") == []
    assert remark(asked, "legal") == (
        "it is illegal because 3 does not divide 4: (N − F)/S + 1 = (7 − 3)/3 + 1 = 2.33"
    )
    legal = of_layer({"conv": {"filters": 1, "kernel": 3, "stride": 2}}, "1x7x7", "stride_legal")
    sum = "(N − F)/S + 1 = (7 − 3)/2 + 1 = 3"
    assert remark(legal, "no") == f"it is legal because 2 divides 4: {sum}"
    (correct,) = feedback.workings(Marker().mark(legal, "no"))
    assert correct.derivation.answer == f"yes: legal because 2 divides 4: {sum}"


def test_under_strict_terms_a_rounded_value_is_reported_as_wrong():
    conv = of_layer(CONV, "3x32x32", "macs")
    assert remark(conv, "768K") == ""
    assert remark(conv, "770K", Terms(strict=True)) == "not exactly the expected value: rounded"
    (graded,) = cnncalc.grade(
        {"architecture": "vgg16", "answers": {"total": {"params": "138M"}}}, strict=True
    )
    (mark,) = graded.marks
    assert (mark.diagnoses, mark.why) == ((), "not exactly the expected value: rounded")


def test_an_incomplete_kind_of_value_raises_a_type_error():
    with pytest.raises(TypeError, match="abstract"):
        Written("")


def test_a_value_without_an_order_overlaps_no_range():
    assert Size.read("3x32x32").overlaps(0, 1) is None


def test_pairs_are_tried_while_they_cost_little(monkeypatch):
    from cnncalc.homework import diagnosis

    total = of_network("macs")
    all_pairs = len(Slips(total).pairs)
    monkeypatch.setattr(diagnosis, "MAX_PAIRED", 20)
    assert 0 < len(Slips(total).pairs) < all_pairs


# Along the way.


def test_the_title_of_a_wrong_derivation_is_a_phrase():
    mark = Marker().mark(of_network("shape", "c2"), "16x28x28")
    wrong, right = (worked.title for worked in feedback.workings(mark))
    assert wrong == "your answer if you skipped the pooling on the way to this layer (p1)"
    assert right == "correct answer"


@pytest.mark.parametrize(
    ("ask", "layer", "text", "says"),
    [
        ("shape", "c2", "16x28x28", "skipped the pooling on the way to this layer (p1)"),
        # 16·28·28·10 + 10, because neither pool halves the 28.
        ("parameters", "fc", "125,450", "skipped the pooling on the way to this layer (p1, p2)"),
        ("shape", "c2", "16x10x10", "forgot the padding on the way to this layer"),
        (
            "parameters",
            "fc",
            "170",
            "did not flatten the map to C·H·W inputs on the way to this layer (only the",
        ),
        ("receptive_field", "c2", "10", "left the jump (the product"),
    ],
)
def test_a_mistake_in_earlier_layers_is_diagnosed(ask, layer, text, says):
    assert remark(of_network(ask, layer), text).startswith(says)


@pytest.mark.parametrize(
    ("name", "layer", "text", "says"),
    [
        # 224 - 2 - 2 = 220, halved 110, 108, 106, halved 53; conv5_2 would not fit any more.
        ("vgg16", "pool2", "128x53x53", "forgot the padding on the way to this layer"),
        # 112, (112 - 3)/2 + 1 = 55, (55 - 3)/2 + 1 = 27, 13; the 7x7 pool would not fit 6x6.
        ("googlenet", "inception4a", "512x13x13", "rounded the output size down instead of up"),
    ],
)
def test_a_mistake_is_diagnosed_even_if_a_later_layer_would_not_fit(name, layer, text, says):
    assert remark(of_network("shape", layer, name), text).startswith(says)
    assert remark(of_network("macs", None, name), "1234567").startswith(
        "incorrect; no common mistake"
    )


def test_a_mistake_in_the_layer_itself_is_likelier_than_in_all_before():
    one = {"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "a"}
    two = {"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "b"}
    asked = of_network("shape", "b", {"input": "1x9x9", "layers": [one, two]})
    assert remark(asked, "4x7x7").startswith("forgot the padding; or")
    assert remark(asked, "4x5x5") == "forgot the padding on the way to this layer"


def test_a_mistake_in_the_layer_hides_the_same_one_on_the_way():
    asked = of_network("parameters", "c2")
    assert diagnosed(asked, "2,400") == [("bias_forgotten",)]  # 5·5·6·16, whatever comes before
    assert remark(asked, "2,400") == "left out the biases"
    fc = of_network("macs", "fc", batch=4)
    assert remark(fc, "23,080") == "counted the biases as multiply-accumulates"  # 4·577·10


def test_positions_of_the_input_are_shown_as_such():
    conv = of_layer({"conv": {"filters": 4, "kernel": 3, "stride": 2}}, "3x9x9", "macs")
    (found,) = Slips(conv).diagnose(conv.read("8,748"))  # 3·3·3·4 · 9·9
    assert [working.text() for working in found.derivation.workings] == [
        "C_out = out_channels = 4",
        "H_out = W_out = N = 9",
        "MACs = F·F·C_in·C_out·H_out·W_out = 3·3·3·4·9·9 = 8,748",
    ]


def test_remarks_on_a_formula_do_not_apply_to_a_wrong_rule():
    # PyTorch drops a last window beyond the padding; rounding down leaves none to drop.
    fields = {"kernel": 3, "stride": 2, "ceil_mode": True}
    pool = of_layer({"max_pool": fields}, "64x112x112", "shape")
    found, *_ = Slips(pool).diagnose(pool.read("64x55x55"))
    assert [working.text() for working in found.derivation.workings] == [
        "H_out = W_out = ⌊(N − F)/S⌋ + 1 = ⌊(112 − 3)/2⌋ + 1 = 55"
    ]


def test_the_wrong_arithmetic_shows_where_its_positions_come_from():
    conv = of_layer(CONV, "3x32x32", "macs")
    (found,) = Slips(conv).diagnose(conv.read("588,000"))
    assert [working.text() for working in found.derivation.workings] == [
        "C_out = out_channels = 10",
        "H_out = W_out = ⌊(N − F)/S⌋ + 1 = ⌊(32 − 5)/1⌋ + 1 = 28",
        "MACs = F·F·C_in·C_out·H_out·W_out = 5·5·3·10·28·28 = 588,000",
    ]


# Sums.


def test_a_total_is_a_sum_whose_parts_are_shown():
    total = of_network("parameters")
    # 5·5·1·6 + 6 = 156, 5·5·6·16 + 16 = 2416, 16·6·6·10 + 10 = 5770
    assert total.value == 8_342
    assert total.derivation.answer == "156 (c1) + 2,416 (c2) + 5,770 (fc) = 8,342"
    (found,) = Slips(total).diagnose(total.read("10,758"))
    assert found.slip.says == "counted a layer twice (c2)"
    assert found.derivation.answer == "156 (c1) + 2·2,416 (c2) + 5,770 (fc) = 10,758"


def test_only_the_first_of_very_many_parts_are_shown():
    many = [{"linear": 2, "name": f"fc{i}"} for i in range(20)]
    total = of_network("parameters", network={"input": "2", "layers": many})
    assert total.derivation.answer.endswith("6 (fc11) + ... (20 in all) = 120")


def test_the_output_of_a_network_is_that_of_its_last_layer():
    assert str(of_network("shape").value) == "10"
    assert of_network("shape").derivation.answer == "10"


def test_a_quantity_that_does_not_add_up_has_no_total():
    with pytest.raises(UsageError, match="stride_legal: a network is not a single layer"):
        of_network("stride_legal")
    with pytest.raises(UsageError, match="same_padding: a network is not a single layer"):
        of_network("same_padding")


# Blocks.


def test_a_block_has_the_sum_and_the_output_of_its_layers():
    # Szegedy et al. 2014, table 1: inception (3a), 28×28×256; 163,696 with biases, by hand:
    # 12,352 + (18,528 + 110,720) + (3,088 + 12,832) + 6,176.
    block = of_network("params", "inception3a", "googlenet")
    assert block.label == "inception3a parameters"
    assert block.value == 163_696
    assert str(of_network("shape", "inception3a", "googlenet").value) == "256×28×28"
    assert diagnosed(block, "163,328") == [("biases_left_out_of_total",)]
    assert diagnosed(block, "157,520")[0] == ("layer_left_out",)


def test_an_unknown_layer_or_block_suggests_the_nearest():
    with pytest.raises(UsageError, match="no layer 'inception3f'; did you mean 'inception3"):
        of_network("params", "inception3f", "googlenet")


# Multiple choice.


def test_the_wrong_values_of_a_question_have_their_likeliest_mistake():
    conv = of_layer(CONV, "3x32x32", "parameters")
    values = {
        value: slips[0].mistakes[0].name for value, slips in Slips(conv).wrong_values().items()
    }
    assert values[750] == "bias_forgotten"
    assert values[260] == "filter_depth_forgotten"
    assert values[761 - 10] == "one_bias_per_layer"
    assert 760 not in values
    assert next(iter(values)) == 750


# Results are cached.


def test_the_cache_of_a_network_is_bounded(monkeypatch):
    from cnncalc.homework import question as module

    monkeypatch.setattr(module, "MAX_ROWS", 10)
    total = of_network("macs", network={**NETWORK, "name": "another"})
    assert diagnosed(total, str(2 * total.value)) == [("flops_for_macs",)]


def test_a_marker_solves_a_question_once():
    marker = Marker()
    conv = of_layer(CONV, "3x32x32", "parameters")
    assert marker.slips(conv) is marker.slips(conv)
    assert marker.mark(conv, "750").outcome is Outcome.WRONG
    slips = marker.slips(conv)
    assert slips.diagnose(conv.read("750")) is slips.diagnose(conv.read("750"))


# Diagnoses that a person could not have made.


@pytest.mark.parametrize(
    ("layer", "input", "ask", "text"),
    [
        ({"dropout": 0.5}, "84", "parameters", "7140"),  # 84·84 + 84: no one gives it weights
        ({"batch_norm": {}}, "8x6x6", "shape", "288"),  # not a scale for each element
        ({"batch_norm": {}}, "8x6x6", "parameters", "0"),  # not a number of MACs
        ({"conv": {"filters": 18, "kernel": 3}}, "2x6x6", "weights_per_neuron", "1"),  # not 18/18
        # 4·4·(3 + 4) weights, 8 biases for each of 4: (4·4·(3 + 4) + 4·8)·5 has no filters.
        ({"lstm": {"hidden_size": 4}}, "3x5", "parameters", "720"),
    ],
)
def test_a_mistake_is_not_named_where_it_cannot_be_made(layer, input, ask, text):
    assert remark(of_layer(layer, input, ask), text).startswith("incorrect; no common mistake")


def test_the_inputs_of_a_fully_connected_layer_are_not_channels_that_were_swapped():
    asked = of_layer({"linear": 100}, "784", "shape")
    assert remark(asked, "784") == "gave the layer's input instead of its output"
    assert diagnosed(of_layer({"linear": 100}, "784", "biases"), "784") == [("channels_swapped",)]


def test_a_layer_asked_for_its_backward_pass_is_the_one_in_the_network():
    # From 4×6×6 to 4×4×4 with 3×3: 4·16·36 = 2,304 MACs forward, twice as many backward.
    conv = {"conv": {"filters": 4, "kernel": 3}}
    network = {"input": "2x8x8", "layers": [{**conv, "name": "a"}, {**conv, "name": "b"}]}
    asked = of_network("backward_macs", "b", network)
    assert asked.value == 4608
    assert remark(asked, "2,304").startswith("counted the MACs of the forward pass")
    assert diagnosed(asked, "5,000") == []


@pytest.mark.parametrize(
    ("text", "mistake"), [("304", "half_counted"), ("1,216", "gradients_counted")]
)
def test_half_and_twice_the_parameters_have_a_name_of_their_own(text, mistake):
    # 8 filters of 5·5·3 weights and a bias: 608. One filter has 76·4 = 304 bytes.
    asked = of_layer({"conv": {"filters": 8, "kernel": 5}}, "3x32x32", "parameters")
    assert diagnosed(asked, text)[0] == (mistake,)


@pytest.mark.parametrize(("neurons", "text"), [(12, "6"), (608, "305"), (607, "303")])
def test_only_half_of_an_even_number_that_is_not_small_has_a_name(neurons, text):
    asked = of_layer({"linear": {"neurons": neurons, "bias": False}}, "1", "parameters")
    assert ("half_counted",) not in diagnosed(asked, text)


def test_half_of_the_number_may_be_rounded():
    asked = of_layer({"linear": {"neurons": 1000}}, "256", "parameters")
    assert diagnosed(asked, "128.5K") == [("half_counted",)]  # 257,000 / 2


@pytest.mark.parametrize(
    ("ask", "factor"), [("parameters", 8), ("elements", 8), ("memory", 16), ("macs", 32)]
)
def test_two_changes_of_scale_explain_no_power_of_two(ask, factor):
    layer = {"conv": {"filters": 16, "kernel": 3, "padding": 1}}
    asked = of_layer(layer, "6x16x16", ask)
    for slip in Slips(asked).pairs:
        assert not any(mistake.alone for mistake in slip.mistakes)
    assert diagnosed(asked, str(asked.value * factor)) == []


def test_a_bias_for_each_input_channel_is_not_derived_with_one_per_filter():
    mark = Marker().mark(of_layer(CONV, "3x32x32", "parameters"), "753")
    yours, correct = (one.derivation for one in feedback.workings(mark))
    assert yours.answer == "750 + 3 biases = 753"
    assert [one.symbol for one in yours.workings] == ["weights"]
    assert [one.symbol for one in correct.workings] == ["weights", "biases", "params"]


@pytest.mark.parametrize(
    ("spec", "shown"),
    [("1x8x8", "1 channel, 1 each"), ("8", "8 features, 1 each")],
)
def test_half_of_a_normalization_is_counted_in_its_own_unit(spec, shown):
    report = summarize({"input": spec, "layers": [{"layer_norm": {"over": "channels"}}]})
    row = report.layers[0]
    assert OneForEachChannel().derive(row, report).answer == shown


def test_learned_numbers_without_a_scale_and_a_shift_are_not_half_of_a_normalization():
    report = summarize({"input": "8x4x4", "layers": [{"parameter": {"shape": "8x2"}, "name": "p"}]})
    with pytest.raises(LayerError, match="has no scale and shift"):
        OneForEachChannel().of(report["p"], report)
