"""Printed numbers, and claims compared with a network."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.conventions.published import check
from cnncalc.core.errors import Mistakes, UsageError
from cnncalc.spec.claims import CUT
from cnncalc.spec.printed import read_number

DOCS = Path(__file__).parent.parent / "docs"

# When does a printed number agree with an exact one?


def agrees(printed, exact, **settings):
    return read_number(printed).agrees(exact, **settings)


@pytest.mark.parametrize(
    ("printed", "exact", "settings"),
    [
        ("138M", 138_357_544, {}),
        ("~138M", 137_500_000, {}),
        ("61706", 61_706, {}),
        ("61,706", 61_706, {}),
        ("1,234.5K", 1_234_500, {}),
        ("0", 0, {}),
        ("35K", 34_944, {}),  # TUM deck: AlexNet CONV1
        ("150K", 150_528, {}),  # TUM deck: VGG input; the zero is a place, not a digit
        ("1.6M", 1_605_632, {}),
        ("112K", 114_688, {"kilo": 1024}),  # GoogLeNet: exactly 112 times 1024
        ("3.8G", 3_857_973_248, {"cut": True}),  # ResNet-50: cut, because it would round to 3.9
        ("4.09G", 4_089_184_256, {}),
        ("0.7B", 724_406_816, {}),
        ("61 MB", 60_950_432, {}),  # VGG-16's stored activations: 15,237,608 times 4
        ("58.1 MiB", 60_950_432, {}),  # the same divided by 2^20: 58.127
        ("58.1 MB", 60_950_432, {"kilo": 1024}),
        ("35.6 kib", 36_472, {}),
    ],
)
def test_a_printed_number_agrees(printed, exact, settings):
    assert agrees(printed, exact, **settings)


@pytest.mark.parametrize(
    ("printed", "exact", "settings"),
    [
        ("138M", 138_600_000, {}),
        ("61706", 61_707, {}),
        ("61,700", 61_706, {}),  # printed in full, zeros and all
        ("0", 1, {}),
        ("3.8G", 3_857_973_248, {}),
        ("2.7K", 9_472, {"kilo": 1024}),  # GoogLeNet's first row does not follow
        ("112K", 114_688, {}),
        ("3.9G", 3_857_973_248, {"cut": True}),
        ("93 MB", 60_950_432, {}),
        ("58.1 MB", 60_950_432, {}),
    ],
)
def test_a_printed_number_does_not_agree(printed, exact, settings):
    assert not agrees(printed, exact, **settings)


@given(st.integers(0, 10**15), st.integers(0, 3))
def test_a_number_agrees_with_its_own_rounding(exact, decimals):
    """Python's exact decimal arithmetic is the oracle."""
    places = Decimal(1).scaleb(-decimals)
    rounded = (Decimal(exact) / 10**6).quantize(places, ROUND_HALF_UP)
    # A zero has no significant digits: only zero agrees with it.
    assert agrees(f"{rounded}M", exact) == (rounded > 0 or exact == 0)
    if decimals:
        assert not agrees(f"{rounded + 2 * places}M", exact)


@pytest.mark.parametrize("printed", ["", "many", "1.2.3M", "5Q", "-3", "9" * 5_000, "1e9", "MB"])
def test_a_text_that_is_not_a_number_is_refused(printed):
    with pytest.raises(UsageError, match="not a number"):
        agrees(printed, 1)


# Claims of a small network: 1×32×32, six filters of 5×5, ten outputs.


def network(*claims, **keys):
    layers = [{"conv": {"filters": 6, "kernel": 5}, "name": "c1"}, {"linear": 10, "name": "fc"}]
    spec = {"name": "net", "input": "1x32x32", "layers": layers, "parameters": {"unused": 1}}
    return {**spec, "published": list(claims), **keys}


def claim(**keys):
    return {"quantity": "params", "value": 156, "source": "LeCun 1998", "layer": "c1", **keys}


@pytest.mark.parametrize(
    ("keys", "calculated"),
    [
        # LeCun et al. 1998, C1: 6·(5·5 + 1) = 156 parameters, 28·28·156 connections.
        ({}, 156),
        ({"value": 150, "habit": "biases left out"}, 150),
        ({"quantity": "connections", "value": 122_304}, 122_304),
        ({"quantity": "output", "value": "6x28x28"}, "6×28×28"),
        ({"quantity": "output", "value": "6@28x28"}, "6×28×28"),
        ({"quantity": "output", "value": "28 × 28 × 6", "habit": "channels last"}, "28×28×6"),
        ({"quantity": "size", "value": "28x28"}, "28×28"),
        ({"quantity": "channels", "value": 6}, 6),
        ({"quantity": "flops", "value": 117_600, "habit": "MACs called FLOPs"}, 117_600),
        ({"quantity": "flops", "value": "235K"}, 235_200),
        ({"quantity": "receptive_field", "value": "5x5"}, "5×5"),
        ({"quantity": "receptive_field", "value": 5}, "5"),
        ({"quantity": "activation_bytes", "value": "18.8 kB"}, 18_816),  # 6·28·28·4
        ({"quantity": "output", "layer": "fc", "value": 10}, "10"),
        (
            {
                "quantity": "output", "layer": "fc", "value": "1x1x10",
                "habit": ["channels last", "1×1 for a vector"],
            },
            "1×1×10",
        ),
        # 6·28·28·10 + 10 = 47,050 in the classifier, 47,206 in all.
        ({"layer": None, "value": "47.2K"}, 47_206),
        ({"layer": None, "value": "46.1K", "habit": "K = 1024"}, 47_206),
        (
            {"layer": None, "value": "47.1K", "habit": ["cut, not rounded", "biases left out"]},
            47_190,
        ),
        ({"layer": None, "value": 47_206, "set": {"unused": 2}}, 47_206),
        # On 16×16: 6·12·12·10 + 10 = 8,650.
        ({"layer": "fc", "value": 8_650, "input": "1x16x16"}, 8_650),
        ({"layer": None, "quantity": "output", "value": 10}, "10"),
    ],
)  # fmt: skip
def test_a_claim_is_compared_with_the_network(keys, calculated):
    (found,) = check(network(claim(**keys)))
    assert (found.calculated, found.agrees, found.expected) == (calculated, True, True)
    assert found.verdict == "agrees"


@pytest.mark.parametrize(
    ("keys", "calculated"),
    [
        ({"value": 150}, 156),
        ({"quantity": "output", "value": "28x28x6"}, "6×28×28"),
        ({"quantity": "output", "layer": "fc", "value": "10x1x1"}, "10"),
        ({"quantity": "size", "value": "28x27"}, "28×28"),
        ({"quantity": "size", "layer": "fc", "value": "1x1"}, "none"),
        ({"quantity": "channels", "value": 5}, 6),
        ({"quantity": "receptive_field", "value": "6x6"}, "5×5"),
        ({"quantity": "receptive_field", "value": 6}, "5"),
    ],
)
def test_a_claim_that_does_not_hold_is_found(keys, calculated):
    (found,) = check(network(claim(**keys)))
    assert (found.calculated, found.agrees, found.expected) == (calculated, False, False)
    assert found.verdict == "does not agree"


def test_an_erratum_must_not_hold():
    wrong, right = check(
        network(claim(value=150, erratum="no bias"), claim(value=156, erratum="none"))
    )
    assert (wrong.verdict, wrong.expected) == ("does not follow", True)
    assert (right.verdict, right.expected) == ("agrees, against the erratum", False)


def test_running_statistics_can_be_counted():
    """4·9 + 4 and 2·4 learned; two statistics for each of 4 maps, without the counter."""
    claims = {"quantity": "params", "value": 56, "habit": "running statistics counted"}
    layers = [{"conv": {"filters": 4, "kernel": 3}}, "batch_norm"]
    spec = {"input": "1x8x8", "layers": layers, "published": [{**claims, "source": "a"}]}
    assert [found.agrees for found in check(spec)] == [True]


def test_batch_normalisation_can_be_left_out():
    """4·9 + 4 for the convolution; a scale and a shift for each of 4 maps are 8 more."""
    layers = [{"conv": {"filters": 4, "kernel": 3}}, "batch_norm"]
    claims = [
        {"quantity": "params", "value": 48, "source": "a"},
        {"quantity": "params", "value": 40, "source": "a", "habit": "batch normalization left out"},
    ]
    spec = {"input": "1x8x8", "layers": layers, "published": claims}
    assert [found.agrees for found in check(spec)] == [True, True]


def test_a_table_is_a_claim_for_each_cell_in_the_order_of_the_layers():
    table = {
        "quantity": ["output", "params"],
        "source": "a paper",
        "habit": ["channels last", "biases left out"],
        "layers": {"fc": [None, 47_040], "c1": ["28x28x6", 150]},
    }
    whole = {"quantity": ["params", "macs"], "value": ["47.2K", "165K"], "source": "a paper"}
    found = check(network(whole, table))
    assert [(one.claim.layer, one.claim.quantity, one.convention) for one in found] == [
        ("c1", "output", "channels last"),
        ("c1", "params", "biases left out"),
        ("fc", "params", "biases left out"),
        (None, "params", ""),
        (None, "macs", ""),
    ]
    # 117,600 + 47,040 multiply-accumulates are 164,640.
    assert [one.agrees for one in found] == [True] * 5


@pytest.mark.parametrize(
    ("quantity", "value", "calculated", "agree"),
    [
        # Today's LeNet-5 has 61,706 parameters, this 47,206: 1.307 times fewer.
        ("params", "1.3x fewer", "1.31x fewer", True),
        ("params", "1.4x less", "1.31x less", False),
        # 416,520 multiply-accumulates against 164,640: 0.395 times as many.
        ("macs", "0.4x more", "0.40x more", True),
        ("macs", "3 × less", "2.53x less", True),
    ],
)
def test_a_network_is_compared_with_a_built_in_one(quantity, value, calculated, agree):
    given = {"quantity": quantity, "value": value, "than": "lenet5", "source": "a paper"}
    (found,) = check(network(given))
    assert (found.calculated, found.agrees) == (calculated, agree)
    assert found.printed == f"{value} than lenet5"


# Shares, numbers of layers and neurons: three convolutions of 4·36·64 = 9,216 MACs and 148
# parameters each, a 1×1 shortcut (1,024 and 20), a norm (8 parameters), and a classifier (2,560 and
# 2,570); 31,232 MACs and 3,042 parameters in all.
CONV = {"conv": {"filters": 4, "kernel": 3, "padding": 1}}
BRANCHED = {
    "name": "net",
    "input": "4x8x8",
    "layers": [
        {**CONV, "name": "stem"},
        "batch_norm",
        "relu",
        {
            "residual": [{**CONV, "name": "conv1"}, "relu", {**CONV, "name": "conv2"}],
            "shortcut": [{"conv": {"filters": 4, "kernel": 1}, "name": "conv"}],
            "name": "block",
        },
        {"linear": 10, "name": "fc"},
    ],
}


@pytest.mark.parametrize(
    ("keys", "calculated"),
    [
        # 9,216 of 9,216·3 + 1,024 + 2,560 = 31,232 MACs
        ({"quantity": "macs", "layer": "stem", "value": "29.5%"}, "29.51%"),
        ({"quantity": "macs", "layer": "stem", "value": "30 %"}, "29.51%"),
        ({"quantity": "macs", "layer": "stem", "value": "29%", "habit": CUT}, "29.51%"),
        ({"quantity": "macs", "layer": "fc", "value": "8.20%"}, "8.20%"),
        # 148 of 148·3 + 8 + 20 + 2,570 = 3,042; without biases and norms 144 of 3,008
        ({"quantity": "params", "layer": "stem", "value": "4.87%"}, "4.87%"),
        (
            {
                "quantity": "params", "layer": "stem", "value": "4.79%",
                "habit": ["biases left out", "batch normalization left out"],
            },
            "4.79%",
        ),
        # A pattern adds up: 2·9,216 + 1,024 and the outputs of three convolutions
        ({"quantity": "macs", "layer": "block*conv*", "value": 19_456}, 19_456),
        ({"quantity": "macs", "layer": "*.conv?", "value": "59.0%"}, "59.02%"),
        ({"quantity": "neurons", "layer": "block*", "value": 768}, 768),
        ({"quantity": "neurons", "value": 4 * 256 + 10}, 1_034),
        # The shortcut is not on the longest path
        ({"quantity": "depth", "value": 4}, 4),
        ({"quantity": "depth", "layer": "block", "value": 3}, 3),
        ({"quantity": "depth", "layer": "block.shortcut.conv", "value": 2}, 2),
        ({"quantity": "depth", "layer": "input", "value": 0}, 0),
    ],
)  # fmt: skip
def test_shares_and_numbers_of_layers_and_neurons(keys, calculated):
    (found,) = check({**BRANCHED, "published": [{"source": "a paper", **keys}]})
    assert (found.calculated, found.verdict) == (calculated, "agrees")


def test_a_wrong_share_does_not_agree():
    claims = {"quantity": "macs", "layers": {"stem": "29.6%", "fc": "9%"}, "source": "a paper"}
    assert [found.agrees for found in check({**BRANCHED, "published": [claims]})] == [False] * 2


def test_a_finding_is_plain_data():
    keys = {"value": 150, "habit": "biases left out", "set": {"unused": 2}, "input": "1x16x16"}
    (found,) = check(network(claim(**keys)))
    assert found.to_dict() == {
        "network": "net",
        "layer": "c1",
        "settings": "unused=2, input 1x16x16",
        "quantity": "params",
        "printed": "150",
        "calculated": 150,
        "verdict": "agrees",
        "convention": "biases left out",
        "reason": "",
        "source": "LeCun 1998",
    }


def test_a_network_may_have_no_claims():
    assert check(network()) == ()
    assert check(network(published=None)) == ()


# Claims that cannot be compared with the network.


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"layer": "cc1"}, "'cc1', which is not a layer; did you mean 'c1'"),
        ({"layer": "c1.conv"}, "'c1.conv', which is not a layer"),
        ({"set": {"unsued": 2}}, "settings or input are invalid: net has no parameter 'unsued'"),
        ({"input": "1x16x"}, "settings or input are invalid: a shape must be whole numbers"),
        ({"input": "1x2x2"}, "the claim's settings or input are invalid: layer 'c1' (conv"),
        ({"quantity": "fixed", "layer": None, "value": "2x less", "than": "lenet5"}, "fixed' is 0"),
        ({"quantity": "fixed", "layer": "c1", "value": "2%"}, "'fixed' is 0"),
        ({"layer": "c*x"}, "a claim is about 'c*x', which matches no layer"),
    ],
)
def test_a_claim_that_cannot_be_compared_is_an_error(keys, says):
    with pytest.raises(Mistakes) as caught:
        check(network(claim(), claim(**keys)))
    assert says in str(caught.value)


def test_all_such_errors_have_locations(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(
        "input: 4\nlayers: [{linear: 2, name: fc}]\npublished:\n"
        "  - {quantity: params, value: 10, source: a, layers: }\n"
        "  - quantity: params\n    source: a\n    layers:\n"
        "      fc: 10\n      ff: 10\n      gc: 3\n"
    )
    with pytest.raises(Mistakes) as caught:
        check(file)
    assert [(error.where.line, error.where.column) for error in caught.value.errors] == [
        (9, 7),
        (10, 7),
    ]


def test_a_broken_network_is_reported():
    with pytest.raises(Mistakes, match="no layer kind"):
        check({"input": 3, "layers": ["rleu"]})


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ("138M", "a list of claims"),
        (["138M"], "a claim must be a mapping"),
        ([claim(sauce="x")], "no key 'sauce'; did you mean 'source'"),
        ([claim(value=None)], "a claim needs either 'value', or 'layers'"),
        ([claim(layer=None, layers={"c1": 1})], "needs either"),
        ([claim(value=None, layers={"c1": 1})], "give 'layer' or 'layers', not both"),
        ([claim(source=None)], "a claim needs 'source'"),
        ([claim(quantity=None)], "a claim needs 'quantity'"),
        ([claim(quantity=[])], "a claim needs 'quantity'"),
        ([claim(quantity="parms")], "no quantity 'parms'; did you mean 'params'"),
        ([claim(quantity=["params", {}])], "no quantity {}; choose from "),
        ([claim(quantity=["params", "macs"])], "a value for each quantity (params, macs), not 156"),
        ([claim(quantity=["params", "macs"], value=[1])], "a value for each quantity (params"),
        ([claim(habit="whim")], "'habit' must be 'K = 1024'"),
        ([claim(habit=[["whim"]])], "'habit' must be 'K = 1024'"),
        ([claim(habit="channels last")], "habit 'channels last' applies only to output"),
        ([claim(source=["a"])], "'source' of a claim must be text"),
        ([claim(layer={"a": 1})], "'layer' of a claim must be text"),
        ([claim(erratum=[1])], "'erratum' of a claim must be text"),
        ([claim(erratum="")], "an erratum must say why"),
        ([claim(set=[1])], "'set' of a claim must be a mapping"),
        ([claim(value=None, layer=None, layers=[1])], "'layers' of a claim must be a mapping"),
        ([claim(value={"a": 1})], "params: expected a printed number"),
        ([claim(quantity="output", value=[6, 2])], "output: expected a shape, such as 6x28x28"),
        ([claim(value="many")], "params: 'many' is not a number"),
        ([claim(value="1234,567")], "params: '1234,567' is not a number"),
        ([claim(value="2x more")], "params: '2x more' needs 'than', the built-in that it is"),
        ([claim(value="9" * 5_000)], "is not a number"),
        ([claim(value="93 MB")], "params: '93 MB' is in bytes, but params is not"),
        ([claim(quantity="output", value="1.5x3")], "output: a shape must be whole numbers"),
        ([claim(quantity="output", value="1x2x3x4x5")], "1 to 4 sizes"),
        ([claim(quantity="size", value="0x3")], "size: a size must be at least 1"),
        ([claim(quantity="channels", value="3x3")], "channels: expected one number"),
        ([claim(layer=None, than="alexnett", value="2x less")], "did you mean 'alexnet'"),
        ([claim(layer=None, than=["alexnet"], value="2x less")], "must be a built-in architecture"),
        ([claim(layer=None, than="alexnet", value="2")], "as 12x less or 2x more, not '2'"),
        ([claim(than="alexnet", value="2x less")], "only counts of whole networks"),
        ([claim(layer=None, value="2%")], "a share of the network, so it needs a 'layer'"),
        ([claim(quantity="depth", value="2%")], "network, but a depth is a number of layers"),
        ([claim(layer=None, than="alexnet", value="2%")], "as 12x less or 2x more, not '2%'"),
        ([claim(value="%")], "'' is not a number"),
        ([claim(value="100%xyz")], "expected a share such as 94.86%, not '100%xyz'"),
        ([claim(value="5%%")], "expected a share such as 94.86%"),
        ([claim(quantity="output", value="2%")], "output: a shape must be whole numbers"),
        ([claim(layer=None, quantity="output", than="alexnet", value="3")], "not shapes or layers"),
    ],
)  # fmt: skip
def test_a_malformed_claim_is_reported(claims, says):
    spec = cnncalc.load(network(published=claims))
    (mistake,) = spec.mistakes
    assert says in str(mistake)
    with pytest.raises(Mistakes):
        cnncalc.analyze(cnncalc.build(spec))
