"""Devices, the least time of a network on them, and estimates from measurements."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis.hardware import calibration, device
from cnncalc.analysis.hardware.calibration import Calibration, Coefficients, Measured
from cnncalc.analysis.hardware.roofline import Needs
from cnncalc.core import units
from cnncalc.core.errors import CnncalcError, UnknownName, UsageError
from cnncalc.render.pictures import roofline
from cnncalc.render.pictures.metrics import PIXELS, extent

DEVICES = {one.key: one for one in cnncalc.devices()}


def run(*words):
    done = CliRunner().invoke(cli.app, [*words], terminal_width=100)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


# The data file.


def rounded_as(number, stated):
    """A number with as many decimals as a stated one has."""
    decimals = next(n for n in count() if (stated * 10**n).denominator == 1)
    return Fraction(round(number * 10**decimals), 10**decimals)


@pytest.mark.parametrize("one", DEVICES.values(), ids=DEVICES)
def test_stated_peaks_and_bandwidths_are_cores_times_clock_and_bus_times_rate(one):
    sums, tera, giga = one.arithmetic, 10**12, 10**9
    computes = sums.peak is not None or sums.bandwidth is not None
    assert computes == ("arithmetic" in one.checked)
    if sums.peak is not None:
        stated = one.peak[sums.dtype] / tera
        assert rounded_as(sums.peak / tera, stated) == stated
    if sums.bandwidth is not None:
        stated = one.bandwidth / giga
        assert rounded_as(sums.bandwidth / giga, stated) == stated


@pytest.mark.parametrize("one", DEVICES.values(), ids=DEVICES)
def test_every_device_has_a_source_and_plausible_figures(one):
    assert one.source
    assert one.name != one.key
    assert one.sparse.keys() <= one.peak.keys()
    for dtype, sparse in one.sparse.items():  # twice the dense peak, both rounded
        assert sparse / one.peak[dtype] == pytest.approx(2, rel=0.01)
    narrower = ("float32", "tf32", "float16", "float8")
    peaks = [one.peak[dtype] for dtype in narrower if dtype in one.peak]
    assert peaks == sorted(peaks)


def test_figures_that_public_tables_have_wrong_are_right():
    assert len(DEVICES) == 36
    assert DEVICES["l4"].bandwidth == 300 * 10**9  # PyTorch 2.13 has 3350
    assert DEVICES["l4"].peak["float16"] == 121 * 10**12  # 242 is with sparsity
    assert "float16" not in DEVICES["apple-m1"].peak  # not stated, so not known


@pytest.mark.parametrize("name", ["RTX 4090", "rtx_4090", "NVIDIA GeForce RTX 4090"])
def test_a_device_is_found_whatever_its_case_and_hyphens(name):
    assert device.find(name, cnncalc.devices()).key == "rtx-4090"


WRONG = {
    "a: {peak: {float31: 1}}": "1:12: 'peak' has no field 'float31'; choose from float64, float32",
    "a: {name: x}": "1:1: 'a' needs a 'peak'",
    "a: {peak: {}}": "1:1: 'a' needs a 'peak'",
    "a: {peak: {int8: -1}}": "1:18: 'int8' must be a positive number",
    "a: {peak: {int8: 0.0}}": "1:18: 'int8' must be a positive number",
    "a: {peak: {int8: .inf}}": "1:18: 'int8' must be a positive number",
    "a: {peak: {int8: [1]}}": "1:18: 'int8' must be a positive number",
    "a: {peak: {int8: 1}, memory: big}": "1:30: 'memory' must be a number of bytes",
    "a: {peak: {int8: 1}, speed: 3}": "1:22: a has no field 'speed'; choose from name, peak",
    "a: {peak: {int8: 1}, checked: me}": "1:31: 'checked' must be a list",
    "a: {peak: {int8: 1}, arithmetic: {dtype: int9}}": "1:42: 'dtype' must be one of float64",
    'a: {peak: {int8: 1}, name: "\\e[31m"}': "1:28: 'name' must be text of at most 200 printable",
    f"{'a' * 201}: {{peak: {{int8: 1}}}}": "1:1: 'name' must be text of at most 200",
    "a: 3": "1:4: the device 'a' must be a mapping, not 3; write it as {peak: {float32: 8.1}",
    "[1]": "1:1: a file of devices must be a mapping; write a line such as t4: {peak:",
    "a: {peak: {int8: 1}, power: lots}": "'power' must be a positive number in watts, such as 70",
    "": "the file is empty; a file of devices needs a name and a 'peak' for each",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=WRONG)
def test_a_wrong_file_of_devices_is_refused_with_the_place(tmp_path, text, sentence):
    file = tmp_path / "d.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CnncalcError) as refused:
        cnncalc.devices(file)
    assert str(refused.value).startswith(str(file))
    assert sentence in str(refused.value)


def test_a_file_may_not_hold_too_many_devices(tmp_path):
    file = tmp_path / "d.yaml"
    file.write_text("".join(f"d{n}: {{peak: {{int8: 1}}}}\n" for n in range(1001)))
    with pytest.raises(CnncalcError, match="more than 1,000 devices"):
        cnncalc.devices(file)


# Bounds.

NET = {
    "input": "2x4x4",
    "layers": [
        {"conv": {"out_channels": 3, "kernel_size": 1, "bias": False}, "name": "conv"},
        {"relu": None, "name": "relu"},
        {"linear": 5, "name": "linear"},
    ],
}


@pytest.fixture
def round_device(tmp_path):
    """A device with round numbers: 1 GFLOP/s and 1 GB/s."""
    file = tmp_path / "own.yaml"
    file.write_text("mine: {peak: {float32: 0.001}, bandwidth: 1, memory: 1 kB}")
    return file


def test_bounds_of_a_small_network_worked_by_hand(round_device):
    found = cnncalc.device(NET, "mine", path=round_device).bounds[0]
    nano = {layer.row.name: layer.seconds * 10**9 for layer in found.layers}
    # conv: 2·2·3·16 = 192 FLOPs; 4·(32 + 6 + 48) = 344 bytes. relu: 4·(48 + 48). linear:
    # 2·48·5 = 480 FLOPs; 4·(48 + 245 + 5) = 1,192 bytes.
    assert nano == {"conv": 344, "relu": 384, "linear": 1192}
    assert [layer.limit for layer in found.layers] == ["memory"] * 3
    assert found.seconds * 10**9 == 344 + 384 + 1192
    # Fused, the input, the weights and the output still move: 4·(32 + 6 + 245 + 5).
    assert found.fused * 10**9 == 1152
    assert found.needs.parameters == 4 * 251
    assert found.needs.fits(found.device) is False


def test_compute_limits_a_layer_with_many_products_for_each_byte(round_device):
    spec = {"input": "64x8x8", "layers": [{"conv": {"out_channels": 64, "kernel_size": 3}}]}
    (layer,) = cnncalc.device(spec, "mine", path=round_device).bounds[0].layers
    # 2·9·64·64·36 FLOPs beside 4·(64·64 + 36,928 + 64·36) bytes
    assert layer.seconds * 10**9 == 2_654_208 > 4 * 43_328
    assert layer.limit == "compute"


def test_first_and_largest_layers_of_vgg16_on_an_a100():
    found = cnncalc.device("vgg16", "a100").bounds[0]
    layers = {layer.row.name: layer for layer in found.layers}
    first, fc6 = layers["conv1_1"], layers["fc6"]
    assert first.limit == "compute"
    assert first.seconds == Fraction(2 * 86_704_128, 19_500_000_000_000)
    # VGG-16's first linear layer: 25,088·4,096 weights, each used once
    assert fc6.limit == "memory"
    assert fc6.seconds == Fraction(4 * (25_088 + 102_764_544 + 4_096), 2_039_000_000_000)


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "mobilenet_v2", "unet", "crnn", "textcnn"])
def test_fusing_layers_never_takes_longer_and_a_batch_no_less(name):
    one, two = (cnncalc.device(name, "t4", batch=batch).bounds[0] for batch in (1, 2))
    assert 0 < one.fused <= one.seconds == sum(layer.seconds for layer in one.layers)
    assert one.seconds < two.seconds <= 2 * one.seconds
    assert one.limited_by("memory") + one.limited_by("compute") == len(one.layers)


def test_tf32_has_a_higher_peak_for_the_same_bytes():
    plain, fast = (
        cnncalc.device("vgg16", "a100", dtype=one).bounds[0] for one in ("float32", "tf32")
    )
    assert fast.peak == 8 * plain.peak
    assert fast.report.totals == plain.report.totals
    assert any("the dtype tf32" in note for note in plain.notes)
    assert fast.notes == ()


def test_shared_weights_move_once_if_everything_is_fused():
    spec = {
        "input": "4x8x8",
        "layers": [
            {"conv": {"out_channels": 4, "kernel_size": 1}, "name": "a"},
            {"conv": {"out_channels": 4, "kernel_size": 1}, "name": "b", "weights": "a"},
        ],
    }
    found = cnncalc.device(spec, "t4").bounds[0]
    assert found.fused_bytes == 4 * (256 + 20 + 256)


def test_without_a_bandwidth_only_compute_bounds():
    found = cnncalc.device("lenet5", "stm32f746", dtype="int8").bounds[0]
    assert found.seconds == found.fused == Fraction(2 * 416_520, 864_000_000)
    assert {layer.limit for layer in found.layers} == {None}
    assert found.needs.fits(found.device) is True  # 61,706 bytes of flash


def test_layers_that_are_not_known_leave_a_lower_bound():
    spec = {"input": "3x8x8", "layers": [{"opaque": {"output": "3x8x8"}}, {"linear": 5}]}
    found = cnncalc.device(spec, "t4").bounds[0]
    assert [layer.limit for layer in found.layers] == [None, "memory"]
    assert any("not known" in note for note in found.notes)
    opaque, linear = found.to_dict()["layers"]
    assert (opaque["flops"], opaque["bytes_moved"], opaque["flops_per_byte"]) == (None, None, None)
    assert linear["flops"] == 2 * 192 * 5


def test_counts_that_are_not_known_are_marked(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x8x8\nlayers: [{opaque: {output: 3x8x8}}, {linear: 5}]\n")
    shown = run("device", str(file), "--on", "t4")
    assert "≥ 1,920 FLOPs" in shown
    assert next(line for line in shown.splitlines() if "opaque1" in line).split()[1:4] == [
        "?",
        "≥",
        "1.54",  # kB: 192 numbers of 4 bytes, read and written
    ]


def test_all_devices_are_those_that_compute_in_the_dtype():
    keys = [one.device.key for one in cnncalc.device("lenet5", "all", dtype="int8").bounds]
    assert "stm32f407" in keys
    assert "v100" not in keys
    assert keys == [key for key, one in DEVICES.items() if "int8" in one.peak]


def test_a_float32_report_runs_in_tf32_but_not_in_float16():
    report = cnncalc.summarize("lenet5")
    assert cnncalc.device(report, "a100", dtype="tf32").bounds[0].peak == 156 * 10**12
    with pytest.raises(UsageError, match="already computed and takes no dtype"):
        cnncalc.device(report, "a100", dtype="float16")


def test_what_cannot_be_answered_is_refused():
    with pytest.raises(UsageError, match=r"no dtype 'int4'; choose from .*, int8, tf32"):
        cnncalc.device("lenet5", "t4", dtype="int4")
    with pytest.raises(UsageError, match=r"t4 has no known peak for bfloat16; choose from "):
        cnncalc.device("lenet5", "t4", dtype="bfloat16")
    with pytest.raises(
        UnknownName, match=r"no device 'raspbery-pi-5'; did you mean 'raspberry-pi-5'"
    ):
        cnncalc.device("lenet5", "raspbery-pi-5")
    with pytest.raises(UnknownName, match=r"no device 'a1000'; did you mean 'a100'?"):
        cnncalc.device("lenet5", "a1000")
    with pytest.raises(UnknownName, match=r"no device 'h10'; did you mean 'h100' or 'h100-pcie'?"):
        cnncalc.device("lenet5", "h10")
    with pytest.raises(UnknownName, match="'a100,t4' names 2 devices; give a single one"):
        cnncalc.device("lenet5", "a100,t4")
    with pytest.raises(UsageError, match="a time needs a device or a calibration; name a device"):
        cnncalc.device("lenet5")


def test_all_cannot_be_combined_with_other_devices():
    with pytest.raises(UsageError, match="'all' already includes the other devices"):
        cnncalc.device(NET, ["all", "t4"])


def test_an_unknown_device_of_a_file_gets_the_devices_of_the_file(round_device):
    with pytest.raises(UnknownName, match="no device 't4'; the file has mine"):
        cnncalc.device(NET, "t4", path=round_device)


# Calibrations.


def made(flop, byte, error=0.0):
    """Measurements that follow the model, but for one that takes longer."""
    networks = ("vgg11", "vgg16", "resnet18", "resnet50", "mobilenet_v2", "densenet121")
    rows = []
    for number, name in enumerate(networks):
        flops, size = 10**9 * (number + 1), 10**8 * (7 - number) ** 2
        seconds = Coefficients(flop, byte).seconds(flops, size)
        rows.append(Measured(name, flops, size, seconds * (1 + error * (name == "densenet121"))))
    return Calibration("made up", "float32", 1, tuple(rows))


def test_exact_measurements_give_their_coefficients_back():
    found = made(2e-11, 3e-10)
    assert found.coefficients == pytest.approx((2e-11, 3e-10))
    assert found.median_error == pytest.approx(0, abs=1e-9)
    assert found.spread == pytest.approx((1, 1))


@pytest.mark.parametrize(("flop", "byte"), [(2e-11, 0.0), (0.0, 3e-10)])
def test_a_coefficient_may_be_zero_but_not_negative(flop, byte):
    found = made(flop, byte).coefficients
    assert found == pytest.approx((flop, byte), abs=1e-18)
    assert min(found) >= 0


def test_the_error_of_a_network_is_that_without_its_family():
    found = made(2e-11, 3e-10, error=1.0)
    errors = {one.measured.network: one.error for one in found.held_out}
    assert errors["densenet121"] == pytest.approx(0.5)  # only this family takes longer
    fitted = found.coefficients.seconds(*found.measured[-1][1:3])
    assert abs(fitted / found.measured[-1].seconds - 1) < 0.5


def test_an_estimate_is_a_range_with_its_error():
    found = made(2e-11, 3e-10, error=1.0)
    (one,) = cnncalc.device("resnet50", calibration=found).estimates
    assert 0 < one.low < one.high
    assert one.low / one.seconds == pytest.approx(found.spread[0])
    assert one.median_error == found.median_error > 0
    assert one.to_dict()["kind"] == "estimate"
    assert cnncalc.device("lenet5", calibration=found, dtype="tf32").dtype == "float32"


def test_an_estimate_needs_the_batch_dtype_and_counts_that_were_measured():
    found = made(2e-11, 3e-10)
    with pytest.raises(UsageError, match="made with batch 1, not 2; run 'cnncalc calibrate"):
        cnncalc.device("resnet50", calibration=found, batch=2)
    with pytest.raises(UsageError, match="made with dtype float32, not float16"):
        cnncalc.device("resnet50", calibration=found, dtype="float16")
    with pytest.raises(UsageError, match="not int8; PyTorch's layers do not compute in int8"):
        cnncalc.device("resnet50", calibration=found, dtype="int8")
    spec = {"input": "3x8x8", "layers": [{"opaque": {"output": "3x8x8"}}]}
    with pytest.raises(UsageError, match="not all of its counts are known"):
        cnncalc.device(spec, calibration=found)


def test_a_calibration_survives_its_file(tmp_path):
    file, found = tmp_path / "mine.yaml", made(2e-11, 3e-10, error=0.3)
    file.write_text(found.to_yaml(), encoding="utf-8")
    again = calibration.read(file)
    assert again.coefficients == pytest.approx(found.coefficients)
    assert (again.device, again.dtype, again.batch) == ("made up", "float32", 1)
    assert f"# median error for left-out families: {found.median_error:.1%}" in found.to_yaml()


ROW = "{network: a, flops: 1, bytes_moved: 1, seconds: 1}"
BROKEN = {
    "device: x": "the calibration has no 'dtype'",
    "colour: x": "this is not a calibration; 'cnncalc calibrate -o FILE' writes one",
    "[1]": "this is not a calibration; 'cnncalc calibrate -o FILE' writes one",
    "{device: x, colour: x}": "a calibration has no field 'colour'",
    "batch: 0": "'batch' must be a positive integer",
    "dtype: int9": "'dtype' must be one of",
    "measured: 3": "'measured' must be a list",
    "measured: [{network: a}]": "this network has no 'flops'",
    f"measured: [{ROW.replace('seconds: 1', 'seconds: -1')}]": "'seconds' must be a time in",
    f"measured: [{ROW.replace('seconds: 1', 'seconds: .nan')}]": "'seconds' must be a time in",
    f"{{device: x, dtype: int8, batch: 1, measured: [{ROW}]}}": "at least 3 families, not 1",
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), BROKEN.items(), ids=BROKEN)
def test_a_wrong_calibration_is_refused(tmp_path, text, sentence):
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CnncalcError) as refused:
        calibration.read(file)
    assert sentence in str(refused.value)
    assert "mine.yaml" in str(refused.value)


def test_a_missing_calibration_is_named_once(tmp_path):
    with pytest.raises(CnncalcError) as refused:
        calibration.read(tmp_path / "mine.yaml")
    assert str(refused.value).count("mine.yaml") == 1


def test_calibrate_measures_networks_here(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from cnncalc.bridge import timing

    monkeypatch.setattr(timing, "SECONDS", 0.0)
    file = tmp_path / "mine.yaml"
    shown = run(
        "calibrate", "--networks", "lenet5,mnist_ntu,espcn", "--device", "cpu", "-o", str(file)
    )
    assert "Families left out of the fit: median error" in shown
    found = calibration.read(file)
    assert [one.network for one in found.measured] == ["lenet5", "mnist_ntu", "espcn"]
    assert [one.flops for one in found.measured] == [
        cnncalc.summarize(one.network).totals.flops for one in found.measured]  # fmt: skip
    assert all(0 < one.seconds < 60 for one in found.measured)
    assert "about" in run("device", "lenet5", "--calibration", str(file))


def test_calibrate_refuses_too_few_families_before_it_measures():
    with pytest.raises(UsageError, match="at least 3 families, not 1"):
        cnncalc.calibrate(["resnet18", "resnet34"])


def test_calibrate_advises_only_what_it_can_do(monkeypatch):
    torch = pytest.importorskip("torch")
    from cnncalc.bridge import devices

    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    networks = ["lenet5", "mnist_ntu", "espcn"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for absent in ("mps", "cuda"):
        with pytest.raises(
            UsageError, match=rf"sees no {absent} device here; set 'device' to cpu$"
        ):
            cnncalc.calibrate(networks, device=absent)
    monkeypatch.setattr(devices, "_main_memory", lambda: 1000)
    with pytest.raises(UsageError, match=r"; choose smaller 'networks', or a smaller 'batch'$"):
        cnncalc.calibrate(networks, device="cpu")
    with pytest.raises(UsageError, match=r"threads must be from 1 to \d+, not 0"):
        cnncalc.calibrate(networks, device="cpu", threads=0)
    with pytest.raises(UsageError, match=r"^--threads must be from"):
        run("calibrate", "--threads", "0")


def test_calibrate_names_a_network_that_does_not_exist():
    with pytest.raises(UsageError, match="no file or built-in network 'foo'"):
        cnncalc.calibrate(["foo"])


def test_the_guide_shows_the_table_that_the_benchmark_prints():
    root = Path(__file__).parent.parent
    script = root / "benchmarks" / "latency.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    rows = done.stdout.splitlines()
    assert len(rows) > 4
    guide = (root / "docs" / "how-to" / "device.md").read_text(encoding="utf-8")
    assert "\n".join(rows) in guide


# What the commands print.


@pytest.mark.parametrize(
    ("seconds", "down", "up"),
    [
        (Fraction(314159, 10**8), "3.14 ms", "3.15 ms"),
        (Fraction(999999, 10**9), "999 µs", "1,000 µs"),
        (Fraction(1, 10**12), "0.00 ns", "0.01 ns"),
        (Fraction(12345), "12,345 s", "12,345 s"),
        (Fraction(0), "0 s", "0 s"),
    ],
)
def test_a_duration_is_rounded_down_as_a_bound_must_be(seconds, down, up):
    assert units.duration(seconds) == down
    assert units.duration(seconds, up=True) == up


def test_the_table_of_one_device_lists_its_layers():
    shown = run("device", "lenet5", "--on", "t4")
    assert "≥ 784 ns" in shown  # 4·(1,024 + 61,706 + 10) bytes at 320 GB/s
    assert len([line for line in shown.splitlines() if " memory " in line]) == 11


def test_json_labels_every_time_with_its_kind():
    data = json.loads(run("device", "vgg16", "--on", "t4,h100", "--format", "json"))
    assert [one["device"] for one in data["devices"]] == ["t4", "h100"]
    for one in data["devices"]:
        kinds = [one["time"]["kind"], one["fused"]["kind"], *(row["kind"] for row in one["layers"])]
        assert {*kinds} == {"bound"}
        assert sum(row["seconds"] for row in one["layers"]) == pytest.approx(one["time"]["seconds"])
        assert sum(row["flops"] for row in one["layers"]) == data["flops"]


@pytest.mark.parametrize("form", ["csv", "markdown", "html", "latex"])
def test_every_format_has_the_devices_and_their_times(form):
    assert "Raspberry Pi 5" in run("devices", "--format", form)
    assert "bound" in run("device", "lenet5", "--on", "t4,a100", "--format", form)
    assert "output" in run("device", "lenet5", "--on", "t4", "--format", form)


# The picture.


@pytest.mark.parametrize("name", ["lenet5", "resnet50", "mobilenet_v2", "crnn", "vit_b_16"])
def test_a_roofline_has_every_layer_with_macs_inside_the_chart(name):
    keys = ["a100", "raspberry-pi-5"]
    bounds = cnncalc.device(name, keys).bounds
    scene = roofline.chart(bounds, PIXELS)
    dots = [shape for shape in scene.shapes if shape.title]
    rows = [row.name for row in bounds[0].report if row.cost.macs]
    assert sorted(dot.title.split(" on ")[0] for dot in dots) == sorted(2 * rows)
    corners = [point for dot in dots for point in dot.points]
    assert all(0 < x < scene.width and 0 < y < scene.height for x, y in corners)
    boxes = [extent(text, PIXELS) for text in scene.texts]
    assert all(left >= 0 and right <= scene.width for left, _, right, _ in boxes)


def test_dots_are_where_logarithms_put_them(round_device):
    spec = {"input": "64x8x8", "layers": [{"conv": {"out_channels": 64, "kernel_size": 3}}]}
    scene = roofline.chart(cnncalc.device(spec, "mine", path=round_device).bounds, PIXELS)
    (dot,) = [shape for shape in scene.shapes if shape.title]
    x = sum(x for x, _ in dot.points) / len(dot.points)
    y = sum(y for _, y in dot.points) / len(dot.points)
    ticks = {text.content: text for text in scene.texts}
    one, hundred = ticks["1"].x, ticks["100"].x
    # 2,654,208 FLOPs for 173,312 bytes at the peak of 1 GFLOP/s
    assert (x - one) / (hundred - one) == pytest.approx(
        math.log10(2_654_208 / 173_312) / 2, abs=1e-3
    )
    assert y == pytest.approx(ticks["1 GFLOP/s"].y - 3.5, abs=0.2)
    assert dot.tone == "tap"


def test_what_has_no_roofline_is_refused():
    with pytest.raises(UsageError, match="has no known bandwidth, so it has no roofline"):
        cnncalc.device("lenet5", "coral-edge-tpu", dtype="int8").picture()
    with pytest.raises(UsageError, match="no layer with MACs"):
        cnncalc.device({"input": "3x8x8", "layers": ["relu"]}, "t4").picture()
    with pytest.raises(UsageError, match="no roofline format 'gif'; choose from svg, png, pdf"):
        cnncalc.device("lenet5", "t4").picture("gif")
    with pytest.raises(UsageError, match="needs the name of a device"):
        cnncalc.device("resnet50", calibration=made(2e-11, 3e-10)).picture()
    assert cnncalc.device("resnet50", calibration=made(2e-11, 3e-10))._repr_svg_() is None


def test_the_extension_of_a_file_asks_for_the_picture(tmp_path):
    run("device", "lenet5", "--on", "t4", "-o", str(tmp_path / "r.svg"))
    assert (tmp_path / "r.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_number_of_a_device_need_not_be_whole():
    assert device.plain(Fraction(1, 2)) == 0.5
    assert device.plain(Fraction(4, 2)) == 2
    assert device.plain(None) is None


def test_whether_a_network_fits_is_unknown_without_a_memory():
    unknown = replace(cnncalc.devices()[0], memory=None)
    assert Needs(parameters=1, activations=1).fits(unknown) is None


def test_a_gpu_of_apple_is_not_called_a_cpu():
    from cnncalc.bridge import timing

    assert timing.describe("mps") == "Apple GPU"
    assert "CPU" in timing.describe("cpu")
