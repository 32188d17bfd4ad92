"""Every built-in architecture: it works, it says what it is, and its totals are the true ones."""

import re

import pytest

import cnncalc
from cnncalc import catalog, published

NAMES = catalog.names()

# Trainable parameters and multiply-accumulates at the built-in input. Sources: PyTorch's model
# documentation (`num_params`, and the operation counts of the weights' metadata) for what
# torchvision ships, counted there on the meta device; for the rest the papers' layer tables,
# worked out by hand.
TRUE_TOTALS = {
    "lenet5": (61_706, 416_520),
    "alexnet": (62_378_344, 1_135_256_096),
    "alexnet_grouped": (60_965_224, 724_406_816),
    "alexnet_torchvision": (61_100_840, 714_188_480),
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg13": (133_047_848, 11_308_466_176),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "vgg11_bn": (132_868_840, 7_609_090_048),
    "vgg13_bn": (133_053_736, 11_308_466_176),
    "vgg16_bn": (138_365_992, 15_470_264_320),
    "vgg19_bn": (143_678_248, 19_632_062_464),
    "googlenet": (6_998_552, 1_582_671_872),
    "googlenet_torchvision": (6_624_904, 1_498_376_192),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet34": (21_797_672, 3_663_761_408),
    "resnet50": (25_557_032, 4_089_184_256),
    "resnet101": (44_549_160, 7_801_405_440),
    "resnet152": (60_192_808, 11_513_626_624),
    "resnet50_v1": (25_557_032, 3_857_973_248),
    "resnet101_v1": (44_549_160, 7_570_194_432),
    "resnet152_v1": (60_192_808, 11_282_415_616),
    "resnext50_32x4d": (25_028_904, 4_230_479_872),
    "wide_resnet50_2": (68_883_240, 11_398_021_120),
    "mobilenet_v2": (3_504_872, 300_774_272),
    "mobilenet_v3_small": (2_542_856, 56_510_400),
    "mobilenet_v3_large": (5_483_032, 216_589_760),
    "squeezenet1_0": (1_248_424, 818_924_576),
    "squeezenet1_1": (1_235_496, 349_151_936),
    "densenet121": (7_978_856, 2_834_161_664),
    "shufflenet_v2_x1_0": (2_278_604, 144_907_992),
    "efficientnet_b0": (5_288_548, 385_814_752),
    "mnasnet1_0": (4_383_312, 314_415_872),
    "convnext_tiny": (28_589_128, 4_455_531_264),
    "regnet_y_400mf": (4_344_144, 401_842_848),
    "mobilenet_v1": (4_231_976, 568_740_352),
    "darknet53": (41_609_928, 9_285_115_904),
}

WITH_SETTINGS = {
    ("googlenet", "aux"): 13_378_280,
    ("googlenet_torchvision", "aux"): 13_004_888,
    ("inception_v3", "aux"): 27_161_264,
}


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_and_says_what_it_is(name):
    spec = cnncalc.load(name)
    assert spec.name
    assert spec.source
    assert spec.note
    report = cnncalc.summarize(name)
    assert report.totals.macs > 0
    assert len(report.layers) > 0


@pytest.mark.parametrize("name", NAMES)
def test_its_variants_are_built_in_and_name_it_back(name):
    variants = dict(cnncalc.load(name).variants)
    assert set(variants) <= set(NAMES)
    assert name not in variants
    for other in variants:
        assert name in dict(cnncalc.load(other).variants), f"{other} does not name {name} back"


@pytest.mark.parametrize("name", TRUE_TOTALS)
def test_its_totals_are_the_true_ones(name):
    totals = cnncalc.summarize(name).totals
    assert (totals.params, totals.macs) == TRUE_TOTALS[name]


@pytest.mark.parametrize(("name", "setting"), WITH_SETTINGS)
def test_auxiliary_heads_are_a_setting(name, setting):
    report = cnncalc.summarize(name, settings={setting: True})
    assert report.totals.params == WITH_SETTINGS[name, setting]


def test_inception_v3_without_heads():
    totals = cnncalc.summarize("inception_v3", settings={"aux": False}).totals
    assert (totals.params, totals.macs) == (23_834_568, 5_713_216_096)


def claims():
    for name in NAMES:
        for index, claim in enumerate(cnncalc.load(name).published):
            where = claim.layer or "total"
            yield pytest.param(name, claim, id=f"{name}-{index}-{where}-{claim.quantity}")


@pytest.mark.parametrize(("name", "claim"), list(claims()))
def test_a_printed_number_agrees_or_the_reason_is_stated(name, claim):
    report = cnncalc.summarize(name, settings=claim.settings, input=claim.input)
    assert published.holds(claim, report) is (claim.erratum is None)


def test_lenet5_of_1998_layer_by_layer():
    """LeCun et al. 1998, section II.B: parameters of every layer; 60,000 in all are trained."""
    report = cnncalc.summarize("lenet5_1998")
    blocks = report.by_block()
    found = {name: cost.params for name, cost in blocks.items() if cost.params}
    expected = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert found == expected
    assert report.totals.params == 60_000
    assert report.totals.fixed == 840


def test_a_name_is_a_word_that_a_person_can_type():
    assert [name for name in NAMES if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


@pytest.mark.parametrize(
    ("name", "layer", "size"),
    [
        ("lenet5", "c5", 32),
        ("vgg16", "pool5", 212),
        ("alexnet", "pool3", 195),
        ("resnet18", "layer4", 435),
        ("resnet34", "layer4", 899),
        ("resnet50", "layer4", 427),
        ("resnet50_v1", "layer4", 483),
        ("resnet101_v1", "layer4", 1027),
        ("resnet152", "layer4", 1451),
        ("resnet152_v1", "layer4", 1507),
    ],
)
def test_receptive_fields_are_those_of_the_literature(name, layer, size):
    """Araujo, Norris and Sim 2019, and its authors' published table."""
    report = cnncalc.summarize(name)
    line = next(line for line in report.outline(layer.count(".") + 1) if line.name == layer)
    assert line.last.receptive_field == (size, size)
