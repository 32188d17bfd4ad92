"""Workloads for simulators of accelerators, read back by their own rules."""

import csv
import io
from functools import cache
from math import ceil, prod

import pytest
import yaml
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError
from cnncalc.cli import app
from cnncalc.core.nest import Nest
from cnncalc.render import simulators
from cnncalc.render.simulators import scalesim as scalesim_format
from cnncalc.render.simulators import zigzag as zigzag_format
from cnncalc.spec import catalog

REFUSED = {
    "vit_b_16": "the products of attention are not convolutions",
    "crnn": "the products of lstm are not convolutions",
    "fcn8s": "the products of conv_transpose are not convolutions",
    "dcgan_generator": "the products of conv_transpose are not convolutions",
    "unet": "the products of conv_transpose are not convolutions",
    "unet_image": "the products of conv_transpose are not convolutions",
    "autoencoder_conv": "the products of conv_transpose are not convolutions",
    "lenet5_1998": "the products of conv are not convolutions",
}
"""Networks with layers that no simulator can describe."""
SCALESIM = {
    "c3d": "has 3 spatial axes, not 2",
    "r2plus1d_18": "has 3 spatial axes, not 2",
    "dilated_context": "is dilated",
    "deeplabv3_resnet50": "is dilated",
    "ssd300_vgg16": "is dilated",
}
"""Networks that only SCALE-Sim cannot describe."""


@cache
def report_of(name):
    return cnncalc.summarize(name)


def read(text):
    """The data in YAML."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def scalesim(text):
    """The layers of a topology as SCALE-Sim reads it, and their MACs as it counts them."""
    head, *lines = text.splitlines()
    assert head.startswith("Layer name, IFMAP Height,")
    for line in lines:
        assert line.endswith(",")
        name, *cells = line.split(",")[:-1]
        height, width, tall, wide, channels, filters, stride = map(int, cells)
        assert tall <= height
        assert wide <= width
        times, each = (channels, 1) if "DP" in name else (1, channels)
        out = ceil((height - tall + stride) / stride) * ceil((width - wide + stride) / stride)
        yield name, times * out * tall * wide * each * filters


@pytest.mark.parametrize("name", catalog.names())
def test_scalesim_counts_the_same_macs(name):
    why = REFUSED.get(name) or SCALESIM.get(name)
    if why:
        with pytest.raises(UsageError, match=why):
            cnncalc.to_simulator(report_of(name), "scalesim")
        return
    text = cnncalc.to_simulator(report_of(name), "scalesim")
    assert sum(macs for _, macs in scalesim(text)) == report_of(name).totals.macs


@pytest.mark.parametrize("name", catalog.names())
def test_zigzag_counts_the_same_macs(name):
    if name in REFUSED:
        with pytest.raises(UsageError, match=REFUSED[name]):
            cnncalc.to_simulator(report_of(name), "zigzag")
        return
    text = cnncalc.to_simulator(report_of(name), "zigzag")
    entries = read(text)
    assert [entry["id"] for entry in entries] == [*range(len(entries))]
    assert sum(prod(entry["loop_sizes"]) for entry in entries) == report_of(name).totals.macs
    for entry in entries:
        sizes = dict(zip(entry["loop_dims"], entry["loop_sizes"], strict=True))
        assert all(source <= entry["id"] for source in entry["operand_source"].values())
        axes = zip(entry.get("pr_loop_sizes", []), entry.get("padding", []), "XYZ")
        for relation, (size, sides, axis) in zip(entry["dimension_relations"], axes, strict=True):
            step, spread = (int(part.split("*")[0]) for part in relation.split("=")[1].split("+"))
            last = step * (sizes[f"O{axis}"] - 1) + spread * (sizes[f"F{axis}"] - 1)
            assert last < size + sum(sides) <= last + step
    left = [row.name for row in report_of(name).layers if not row.macs]
    assert all(f"#   {layer} (" in text for layer in left)


def test_a_topology_by_hand():
    net = {
        "input": "3x7x9",
        "layers": [
            {"conv": {"filters": 8, "kernel": [3, 5], "padding": 1}, "name": "first"},
            {"conv": {"filters": 8, "kernel": 3, "stride": 2, "groups": 4}, "name": "grouped"},
            {"depthwise_conv": {"kernel": 2, "multiplier": 2}, "name": "DPW"},
            {"separable_conv": {"filters": 5, "kernel": 1}, "name": "sep"},
            {"linear": 10, "name": "fc"},
        ],
    }
    # 7 + 2 − 3 + 1 = 7 and 9 + 2 − 5 + 1 = 7; (7 − 3)/2 + 1 = 3; 3 − 2 + 1 = 2
    assert cnncalc.to_simulator(net, "scalesim").splitlines()[1:] == [
        "first, 9, 11, 3, 5, 3, 8, 1,",
        *[f"grouped_g{group}, 7, 7, 3, 3, 2, 2, 2," for group in (1, 2, 3, 4)],
        "DP_D_PW, 3, 3, 2, 2, 8, 2, 1,",
        "DP_sep.1, 2, 2, 1, 1, 16, 1, 1,",
        "sep.2, 2, 2, 1, 1, 16, 5, 1,",
        "fc, 1, 1, 1, 1, 20, 10, 1,",
    ]


def test_names_from_other_tools_break_no_line():
    odd = simulators.Workload("odd\n", (simulators.Product('DP a,b\n"', Nest(1, 2, 3), None),), ())
    assert scalesim_format.render(odd).splitlines()[1] == "D_P_a_b__, 1, 1, 1, 1, 3, 2, 1,"
    assert read(zigzag_format.render(odd))[0]["name"] == "DP a,b__"


def test_a_signal_has_a_height_of_one():
    text = cnncalc.to_simulator("4x11-6C3s2", "scalesim")
    assert text.splitlines()[1] == "conv1, 1, 11, 1, 3, 4, 6, 2,"


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ({"conv": {"filters": 4, "kernel": 3, "stride": [1, 2]}}, "a different stride along each"),
        ({"conv": {"filters": 4, "kernel": 3, "dilation": 2}}, "is dilated"),
        ({"conv_transpose": {"filters": 4, "kernel": 2, "stride": 2}}, "conv_transpose"),
        ({"opaque": {"shape": "4x9x9", "what": "odd"}}, "the products of opaque are not known"),
    ],
)
def test_what_scalesim_cannot_describe_is_refused_by_name(layer, why):
    net = {"input": "4x9x9", "layers": [{**layer, "name": "odd"}]}
    with pytest.raises(
        UsageError, match=f"cannot describe a layer of this network: 'odd': .*{why}"
    ):
        cnncalc.to_simulator(net, "scalesim")


def test_a_dilation_of_one_tap_and_a_stride_of_one_step_do_not_matter():
    conv = {"filters": 4, "kernel": [1, 3], "dilation": [2, 1], "stride": [1, 2]}
    text = cnncalc.to_simulator({"input": "4x1x9", "layers": [{"conv": conv}]}, "scalesim")
    assert text.splitlines()[1] == "conv1, 1, 9, 1, 3, 4, 4, 2,"


def test_too_many_groups_are_refused():
    conv = {"filters": 1_000_000, "kernel": 1, "groups": 500_000}
    with pytest.raises(UsageError, match="would need 500,000 lines; the limit is 100,000"):
        cnncalc.to_simulator({"input": "1000000x1x1", "layers": [{"conv": conv}]}, "scalesim")


def test_a_workload_by_hand():
    net = {
        "input": "4x9x7",
        "layers": [
            {"conv": {"filters": 8, "kernel": 3, "stride": 2, "groups": 2, "padding": "same"}},
            "relu",
            {"residual": [{"conv": {"filters": 8, "kernel": 1, "dilation": 3}}], "name": "block"},
            {"linear": 10, "name": "fc"},
        ],
    }
    first, second, third = read(cnncalc.to_simulator(net, "zigzag"))
    assert first == {
        "id": 0,
        "name": "conv1",
        "operator_type": "Conv",
        "equation": "O[b][g][k][oy][ox]+=W[g][k][c][fy][fx]*I[b][g][c][iy][ix]",
        "dimension_relations": ["ix=2*ox+1*fx", "iy=2*oy+1*fy"],
        "loop_dims": ["B", "G", "K", "C", "OX", "OY", "FX", "FY"],
        "loop_sizes": [1, 2, 4, 2, 4, 5, 3, 3],
        "operand_precision": {"W": 8, "I": 8, "O": 32, "O_final": 8},
        "operand_source": {"W": 0, "I": 0},
        "pr_loop_dims": ["IX", "IY"],
        "pr_loop_sizes": [7, 9],
        "padding": [[1, 1], [1, 1]],
    }
    assert second["operand_source"] == {"W": 1, "I": 0}
    assert third["operand_source"] == {"W": 2, "I": 1}
    assert (third["name"], third["operator_type"]) == ("fc", "Gemm")
    assert third["loop_sizes"] == [1, 1, 10, 8 * 5 * 4]


def test_the_command_lists_what_it_leaves_out(tmp_path):
    run = CliRunner().invoke
    shown = run(app, ["export", "lenet5", "--to", "scalesim", "-o", str(tmp_path / "net.csv")])
    assert "left out, because SCALE-Sim reads only convolutions and matrix products: 4 tanh, 2" in (
        shown.stderr
    )
    rows = [*csv.reader(io.StringIO((tmp_path / "net.csv").read_text()))]
    assert [row[0] for row in rows[1:]] == ["c1", "c3", "c5", "f6", "output"]
    shown = run(app, ["export", "lenet5", "--to", "zigzag"])
    assert "#   tanh1 (tanh)\n" in shown.stdout
    shown = run(app, ["export", "vit_b_16", "--to", "zigzag"])
    assert "ZigZag cannot describe 12 layers" in str(shown.exception)
    assert "'encoder.4.self_attention' and 7 more: the products of" in str(shown.exception)
    shown = run(app, ["export", "lenet5", "--to", "zigzag", "-o", "net.csv"])
    assert "--to zigzag writes .yaml files" in str(shown.exception)


def test_an_unknown_simulator_is_refused():
    with pytest.raises(UsageError, match="no simulator 'zigzak'; did you mean 'zigzag'"):
        cnncalc.to_simulator("lenet5", "zigzak")


# The tools themselves, where they are installed (no extra does so).


# It leaves files open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_scalesim_accepts_every_topology(tmp_path):
    tool = pytest.importorskip("scalesim.topology_utils")
    file = tmp_path / "net.csv"
    for name in {*catalog.names()} - {*REFUSED} - {*SCALESIM}:
        file.write_text(cnncalc.to_simulator(report_of(name), "scalesim"), encoding="utf-8")
        topology = tool.topologies()
        topology.load_arrays(str(file))
        topology.topo_calc_hyperparams()
        macs = sum(layer[2] for layer in topology.layers_calculated_hyperparams)
        assert macs == report_of(name).totals.macs, name


SIMULATED = """
[general]
run_name = run
[run_presets]
InterfaceBandwidth = CALC
UseRamulatorTrace = False
[architecture_presets]
ArrayHeight = 16
ArrayWidth = 16
IfmapSramSzkB = 64
FilterSramSzkB = 64
OfmapSramSzkB = 64
IfmapOffset = 0
FilterOffset = 10000000
OfmapOffset = 20000000
Dataflow = os
ReadRequestBuffer = 64
WriteRequestBuffer = 64
[layout]
IfmapCustomLayout = False
FilterCustomLayout = False
IfmapSRAMBankBandwidth = 10
IfmapSRAMBankNum = 10
IfmapSRAMBankPort = 2
FilterSRAMBankBandwidth = 10
FilterSRAMBankNum = 10
FilterSRAMBankPort = 2
[sparsity]
SparsitySupport = False
"""
"""An array of 16×16 that keeps its outputs, in the words of SCALE-Sim."""


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["lenet5", "mnist_ntu"])
def test_scalesim_simulates_a_whole_network(name, tmp_path):
    """Its report has the part of the array's time that is used: MACs / (cycles · 16²)."""
    tool = pytest.importorskip("scalesim.scale_sim")
    numpy = pytest.importorskip("numpy")
    if tuple(map(int, numpy.__version__.split(".")[:2])) >= (2, 3):
        pytest.skip("SCALE-Sim 3.0 needs NumPy < 2.3")
    topology, config, layout = (tmp_path / file for file in ("net.csv", "scale.cfg", "layout.csv"))
    topology.write_text(cnncalc.to_simulator(report_of(name), "scalesim"), encoding="utf-8")
    config.write_text(SIMULATED)
    layout.write_text("Layer name,\n")
    files = {"config": config, "topology": topology, "layout": layout}
    given = {word: str(file) for word, file in files.items()}
    tool.scalesim(save_disk_space=True, verbose=False, **given).run_scale(str(tmp_path / "out"))
    report = (tmp_path / "out" / "run" / "COMPUTE_REPORT.csv").read_text()
    rows = [line.split(",") for line in report.splitlines()[1:]]
    macs = [float(cells[4]) / 100 * int(cells[2]) * 16**2 for cells in rows]
    assert macs == pytest.approx([row.macs for row in report_of(name).layers if row.macs])


def test_zigzag_accepts_every_workload():
    tool = pytest.importorskip("zigzag.parser.workload_validator")
    factory = pytest.importorskip("zigzag.parser.workload_factory")
    for name in {*catalog.names()} - {*REFUSED}:
        validator = tool.WorkloadValidator(read(cnncalc.to_simulator(report_of(name), "zigzag")))
        assert validator.validate(), name
        entries = validator.normalized_data
        made = [factory.LayerNodeFactory(entry, None).create_node_attr() for entry in entries]
        macs = sum(one.layer_dim_sizes.total_size for one in made)
        assert macs == report_of(name).totals.macs, name
