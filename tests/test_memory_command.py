"""``cnncalc memory``: its tables, its chart, and the largest batch that fits."""

import csv
import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError, footprint
from cnncalc.cli import app
from cnncalc.core import units
from cnncalc.footprint.budget import fit
from cnncalc.render import timeline


def invoke(*arguments):
    return CliRunner().invoke(app, ["memory", *arguments])


def test_the_command_folds_small_layers():
    shown = invoke("vgg16", "--optimizer", "adam")
    assert shown.exit_code == 0
    assert "saved for backward" in shown.stdout
    assert "at relu1" in shown.stdout
    assert "20 more" in shown.stdout
    assert "more" not in invoke("vgg16", "--all").stdout


def test_the_command_writes_json():
    report = cnncalc.summarize("resnet18", batch=2)
    found = json.loads(invoke("resnet18", "--batch", "2", "--eval", "-f", "json").stdout)
    assert found == footprint.measure(report, training=False).to_dict()
    assert sum(one["bytes"] for one in found["saved"]) == found["saved_for_backward"]


def lines(text):
    return [*csv.DictReader(text.splitlines())]


def test_the_command_writes_csv():
    records = lines(invoke("lenet5", "--optimizer", "adam", "-f", "csv").stdout)
    found = footprint.measure(cnncalc.summarize("lenet5"), optimizer="adam")
    by_layer = {one["layer"]: int(one["bytes"]) for one in records if not one["phase"]}
    assert by_layer.pop("") == found.saved_for_backward  # the last row that is not about a layer
    assert by_layer == dict(found.saved)
    by_name = {one["quantity"]: one for one in records if one["layer"] == "" or one["phase"]}
    # 61,706 parameters in 4 bytes, Adam's two numbers for each and 10 counters
    assert by_name["parameters"]["bytes"] == "246824"
    assert by_name["optimizer_state"]["bytes"] == str(2 * 246824 + 4 * 10)
    peak = by_name["training_peak"]
    assert (peak["layer"], peak["phase"]) == found.training_peak[:2]
    parts = [one for name, one in by_name.items() if name.startswith("training_peak.")]
    assert sum(int(one["bytes"]) for one in parts) == int(peak["bytes"])


def test_the_batch_that_fits_is_written_as_csv():
    records = lines(invoke("lenet5", "--fit", "1GB", "--checkpoint", "2", "-f", "csv").stdout)
    found = fit(cnncalc.summarize("lenet5"), 10**9, checkpoint=2)
    # An apostrophe keeps spreadsheets from running what begins with a hyphen.
    assert [one["option"].removeprefix("'") for one in records] == [
        "as requested", *(change.option for change in found.changes)
    ]  # fmt: skip
    assert records[0]["batch"] == str(found.batch)
    assert records[0]["repeated_macs"] == str(found.memory.repeated_macs // found.batch)


@pytest.mark.parametrize(
    ("ending", "says"),
    [
        ("json", '"format": "cnncalc.memory"'),
        ("csv", "buffers,,,0"),
        ("md", "| buffers |  |  | 0 |"),
        ("tex", r"buffers &  &  & 0 \\"),
        ("html", '<td>buffers</td><td></td><td></td><td class="number">0</td>'),
        ("txt", "resident"),
    ],
)
def test_the_file_extension_selects_the_format(tmp_path, ending, says):
    file = tmp_path / f"memory.{ending}"
    assert invoke("lenet5", "-o", str(file)).exit_code == 0
    assert says in file.read_text(encoding="utf-8")


def test_an_unknown_format_is_refused():
    result = invoke("vgg16", "--format", "jsn")
    assert isinstance(result.exception, UsageError)
    assert "did you mean 'json'" in str(result.exception)


def test_short_names_of_dtypes_are_understood():
    long, short = (invoke("lenet5", "--dtype", name).stdout for name in ("float16", "fp16"))
    assert short == long
    assert "float16" in short


def test_an_unknown_dtype_is_refused_with_all_choices():
    choices = "float32, float64, bfloat16, float16, amp, int8"
    assert str(invoke("vgg16", "--dtype", "float8").exception).endswith(f"choose from {choices}")


def test_the_peaks_are_shown_with_their_parts():
    shown = invoke("lenet5", "--optimizer", "adam", "--dtype", "amp").stdout
    peak = footprint.training_peak(cnncalc.summarize("lenet5"), optimizer="adam", dtype="amp")
    assert "LeNet-5: amp, batch 1, training, adam" in shown
    assert f"at {peak.layer}, {peak.phase}" in shown
    parts = (peak.gradients, peak.saved, peak.transient, peak.parameters + peak.optimizer_state)
    assert sum(parts) == peak.bytes
    for number in (peak.bytes, *parts):
        assert f"{number:,}" in shown


@pytest.mark.parametrize("fits", [[], ["--fit", "1GB"]])
def test_an_invalid_checkpoint_is_reported_by_its_option(fits):
    done = invoke("lenet5", "--checkpoint", "0", *fits)
    assert str(done.exception) == "--checkpoint must be a whole number of at least 1, not 0"


def test_checkpoints_and_cuda_are_shown():
    shown = invoke("lenet5", "--checkpoint", "3", "--device", "cuda").stdout
    assert "checkpoints every 3 blocks" in shown
    assert "recomputed MACs" in shown
    assert "exclude workspace" in " ".join(shown.split())


# The batch that fits.


def test_the_batch_that_fits_is_shown():
    result = invoke("resnet18", "--optimizer", "adam", "--fit", "1GiB")
    assert result.exit_code == 0
    found = fit(cnncalc.summarize("resnet18"), 2**30, optimizer="adam")
    assert f"The largest batch is {found.batch}." in result.stdout
    assert f"batch {found.batch + 1}" in result.stdout
    for change in found.changes:
        assert change.option in result.stdout
        assert f"{change.batch:,}" in result.stdout
    asked = invoke("resnet18", "--optimizer", "adam", "--fit", "1GiB", "-f", "json")
    assert json.loads(asked.stdout) == found.to_dict()


def test_if_nothing_fits_the_exit_code_is_1():
    result = invoke("vgg16", "--fit", "1kB")
    assert result.exit_code == 1
    assert "Not even one image fits." in result.stdout
    assert "over budget" in result.stdout
    assert "To fit more" not in result.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ["--fit", "24 gigs"],
            "'24 gigs' cannot be read as a number of bytes; write it like 24GiB or 500MB",
        ),
        (["--fit", "0"], "at least one byte"),
        (["--fit", "80"], "--fit 80 needs a unit; write --fit 80GiB"),
        (["--fit", "1GB", "--batch", "2"], "--fit finds the batch"),
        (["--fit", "1GB", "--plot"], "use one of them"),
        (["--plot", "--format", "json"], "leave out --format json"),
    ],
)
def test_conflicting_options_are_refused(options, says):
    result = invoke("lenet5", *options)
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


# The picture.


@pytest.mark.parametrize("name", ["lenet5", "resnet18"])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_picture_fits_and_shows_the_peak(name, width):
    found = footprint.measure(cnncalc.summarize(name, batch=4), optimizer="adam")
    lines = timeline.draw(found, width).splitlines()
    picture = lines[2 : 2 + timeline.HEIGHT]
    assert max(map(len, lines[: 3 + timeline.HEIGHT])) <= width
    highest = next(line for line in picture if set(line) & set(timeline.PARTS))
    assert highest is picture[0]
    arrow = lines[1].index("▼")
    assert picture[0][arrow] in timeline.PARTS
    assert f"at {found.training_peak.layer}, {found.training_peak.phase}" in lines[0]
    # Resident memory is at the bottom, from the first moment to the last.
    assert picture[-1].partition("│")[2].strip() == "█" * (width - picture[-1].index("│") - 2)


def test_the_phases_are_labelled_below_the_picture():
    shown = invoke("lenet5", "--plot").stdout
    assert "LeNet-5: float32" in shown
    for word in ("forward", "backward", "step", "gradients of parameters"):
        assert word in shown


# Bytes as people write them.


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("24GiB", 24 * 2**30),
        ("24 GB", 24 * 10**9),
        ("1.5gib", 3 * 2**29),
        ("500 MB", 500 * 10**6),
        ("0.5 kB", 500),
        ("17", 17),
        ("1,024 B", 1024),
        ("17.9 B", 17),
        (" 1 KiB ", 1024),
        ("2 EB", 2 * 10**18),
    ],
)
def test_bytes_are_read(text, size):
    assert units.bytes_of(text) == size


@pytest.mark.parametrize(
    "text", ["", "GB", "-1GB", "1e9", "24G", "1,5 GB", "1234,567", "1" * 21, "٣ GB", "1.GB"]
)
def test_an_invalid_number_of_bytes_is_refused(text):
    with pytest.raises(ValueError, match="cannot be read as a number of bytes"):
        units.bytes_of(text)


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        (f"input: 2x{7 * 10**29}x{3 * 10**30}\nlayers: [conv: {{filters: 5, kernel: 2}}]\n", []),
        (f"input: {10**31}\nlayers: [linear: 9, linear: {4 * 10**30}]\n", ["--batch", str(10**25)]),
        ("input: 9x8x8\nlayers: [{relu: , repeat: 300}]\n", ["--batch", str(6 * 10**30)]),
        ("input: 9x8x8\nlayers: [relu]\n", ["--batch", "9" * 99]),
    ],
)
def test_the_picture_of_astronomic_sizes_is_drawn(tmp_path, spec, options):
    (tmp_path / "net.yaml").write_text(spec)
    shown = invoke(str(tmp_path / "net.yaml"), "--plot", *options)
    assert shown.exit_code == 0
    assert "▼" in shown.stdout


@pytest.mark.parametrize(("size", "stride"), [("997x5", 7), ("2003x2003", 11)])
def test_memory_does_not_depend_on_the_jump(tmp_path, size, stride):
    (tmp_path / "net.yaml").write_text(
        "input: 1x64x64\nblocks:\n  b:\n    layers:\n"
        f"      - upsample: {{size: {size}}}\n"
        f"      - conv: {{filters: 1, kernel: 3, stride: {stride}}}\n"
        "layers:\n  - {b: , repeat: 1450}\n"
    )
    assert invoke(str(tmp_path / "net.yaml")).exit_code == 0


def test_saved_bytes_are_aligned():
    _, table = invoke("1x8x8-20C3-9N").stdout.split("Saved by layer")
    assert len({len(line) for line in table.splitlines()[2:] if line}) == 1
