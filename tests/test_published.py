"""When does a printed number agree with an exact one?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc import published
from cnncalc.errors import Mistakes, SpecError, UsageError


@pytest.mark.parametrize(
    ("printed", "exact", "settings"),
    [
        ("138M", 138_357_544, {}),
        ("~138M", 137_500_000, {}),
        ("61706", 61_706, {}),
        ("61,706", 61_706, {}),
        ("35K", 34_944, {}),  # TUM deck: AlexNet CONV1
        ("150K", 150_528, {}),  # TUM deck: VGG input; the zero is a place, not a digit
        ("1.6M", 1_605_632, {}),
        ("112K", 114_688, {"kilo": 1024}),  # GoogLeNet: exactly 112 times 1024
        ("3.8G", 3_857_973_248, {"cut": True}),  # ResNet-50: cut, as it would round to 3.9
        ("4.09G", 4_089_184_256, {}),
        ("0.7B", 724_406_816, {}),
    ],
)
def test_a_printed_number_agrees(printed, exact, settings):
    assert published.agrees(printed, exact, **settings)


@pytest.mark.parametrize(
    ("printed", "exact", "settings"),
    [
        ("138M", 138_600_000, {}),
        ("61706", 61_707, {}),
        ("3.8G", 3_857_973_248, {}),
        ("2.7K", 9_472, {"kilo": 1024}),  # GoogLeNet's first row does not follow
        ("112K", 114_688, {}),
        ("3.9G", 3_857_973_248, {"cut": True}),
    ],
)
def test_a_printed_number_does_not_agree(printed, exact, settings):
    assert not published.agrees(printed, exact, **settings)


@given(st.integers(0, 10**15), st.integers(0, 3))
def test_a_number_agrees_with_its_own_rounding(exact, decimals):
    """Python's exact decimal arithmetic is the oracle."""
    from decimal import ROUND_HALF_UP, Decimal

    places = Decimal(1).scaleb(-decimals)
    rounded = (Decimal(exact) / 10**6).quantize(places, ROUND_HALF_UP)
    assert published.agrees(f"{rounded}M", exact)
    if decimals:
        assert not published.agrees(f"{rounded + 2 * places}M", exact)


@pytest.mark.parametrize("printed", ["", "many", "1.2.3M", "5Q", "-3"])
def test_what_is_no_number_is_said(printed):
    with pytest.raises(UsageError, match="no number"):
        published.agrees(printed, 1)


def spec(claim):
    layers = [{"conv": {"filters": 6, "kernel": 5}, "name": "c1"}, {"linear": 10, "name": "fc"}]
    return cnncalc.load({"input": "1x32x32", "layers": layers, "published": claim})


def claim(**keys):
    return [{"quantity": "params", "value": 156, "source": "LeCun 1998", "layer": "c1", **keys}]


def test_a_claim_about_a_layer_is_held_against_that_layer():
    """6·(5·5 + 1) = 156 parameters, 150 weights, 28·28·156 connections; LeCun et al. 1998, C1."""
    network = spec(claim())
    report = cnncalc.analyze(cnncalc.build(network))
    for keys in (
        {},
        {"value": 150, "habit": "biases left out"},
        {"quantity": "connections", "value": 122_304},
        {"quantity": "output", "value": "6x28x28"},
        {"quantity": "output", "value": "28x28x6", "habit": "channels last"},
        {"quantity": "flops", "value": 117_600, "habit": "MACs called FLOPs"},
        {"quantity": "receptive_field", "value": "5x5"},
    ):
        (only,) = spec(claim(**keys)).published
        assert published.holds(only, report), keys
    (wrong,) = spec(claim(quantity="receptive_field", value="6x6")).published
    assert not published.holds(wrong, report)


def test_a_claim_about_no_layer_is_a_mistake():
    network = spec(claim(layer="cc1"))
    report = cnncalc.analyze(cnncalc.build(network))
    with pytest.raises(SpecError, match="'cc1', which is no layer; did you mean 'c1'"):
        published.holds(network.published[0], report)


def test_no_claims_are_fine():
    assert spec(None).published == ()


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ("138M", "a list of claims"),
        (["138M"], "a claim is a mapping"),
        (claim(sauce="x"), "no key 'sauce'; did you mean 'source'"),
        (claim(value=None), "a claim needs 'value'"),
        (claim(quantity="parms"), "no quantity 'parms'; did you mean 'params'"),
        (claim(habit="whim"), "a habit is K = 1024"),
    ],
)
def test_a_claim_that_is_not_well_formed_is_said(claims, says):
    (mistake,) = spec(claims).mistakes
    assert says in str(mistake)
    with pytest.raises(Mistakes):
        cnncalc.analyze(cnncalc.build(spec(claims)))
