"""Whether a network fits on a microcontroller, worked by hand."""

import csv
import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError
from cnncalc.cli import app
from cnncalc.footprint.fits import Need

NET = "1x28x28-32C5-MP2-10N"
"""Flash: 25·32 + 4,608·10 weights; 42 biases of 4 bytes; 12 bytes for each of 84 channels."""
FLASH = 25 * 32 + 46_080 + 4 * 42 + 12 * 84


def run(*arguments):
    return CliRunner().invoke(app, ["fits", *arguments])


def test_each_memory_is_compared_with_its_budget():
    found = cnncalc.fits(NET, ram=32 * 24 * 24 + 32 * 12 * 12, flash="48056")
    # The pool: 18,432 in and 4,608 out; more than the convolution's 784 + 18,432.
    assert found.needs[0] == Need("RAM", 23_040, 23_040, "max_pool1")
    assert found.needs[1] == Need("flash", FLASH, 48_056)
    assert FLASH == 48_056
    assert found
    assert [need.left for need in found.needs] == [0, 0]


@pytest.mark.parametrize(("ram", "flash"), [(23_039, None), (None, 48_055), (23_040, 48_055)])
def test_one_byte_less_does_not_fit(ram, flash):
    found = cnncalc.fits(NET, ram=ram, flash=flash)
    assert not found
    assert not found.reordered
    assert len(found.needs) == (ram is not None) + (flash is not None)


def test_the_best_order_may_fit(tmp_path):
    convs = {name: {"conv": {"filters": n, "kernel": 1}} for name, n in zip("abc", (24, 48, 4))}
    branches = {"first": [convs["a"]], "second": [convs["b"], convs["c"]]}
    spec = {"input": "4x16x16", "layers": [{"branches": branches, "join": "concat"}]}
    # In: 1,024; a: 6,144; b: 12,288; c: 1,024; out: 7,168. As given, in, a and b are live at once.
    # With b and c first: b at 0, out at 0, a after out, in after a, c after in.
    assert cnncalc.arena(spec).ram == 1_024 + 6_144 + 12_288
    best = 7_168 + 6_144 + 1_024 + 1_024
    found = cnncalc.fits(spec, ram=best)
    assert (bool(found), found.reordered) == (False, True)
    assert not cnncalc.fits(spec, ram=best - 1).reordered
    assert not cnncalc.fits(spec, ram=best, flash=100).reordered
    file = tmp_path / "net.json"
    file.write_text(json.dumps(spec))
    shown = run(str(file), "--ram", "16kB")
    assert shown.exit_code == 1
    assert "In the best order of layers, which needs 15.36 kB, it does;" in shown.stdout


def test_the_command_answers():
    shown = run(NET, "--ram", "24kB", "--flash", "1MB")
    assert shown.exit_code == 0
    rows = [line.split("  ") for line in shown.stdout.splitlines()]
    rows = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert ["RAM", "23.04 kB", "24.00 kB", "960 B", "peak at max_pool1"] in rows
    assert ["flash", "48.06 kB", "1.00 MB", "951.94 kB"] in rows
    assert "\nIt fits.\n" in shown.stdout
    assert "Not included: scratch memory" in " ".join(shown.stdout.split())
    shown = run(NET, "--ram", "23kB")
    assert shown.exit_code == 1
    assert "−40 B" in shown.stdout
    assert "\nIt does not fit.\n" in shown.stdout


def test_the_command_writes_data():
    shown = run(NET, "--ram", "23kB", "--flash", "1MB", "--format", "json")
    assert shown.exit_code == 1
    data = json.loads(shown.stdout)
    assert (data["format"], data["version"]) == ("cnncalc.fits", 1)
    assert (data["fits"], data["fits_reordered"]) == (False, False)
    assert data["needs"][0] == {
        "memory": "RAM", "bytes": 23_040, "budget": 23_000, "layer": "max_pool1", "left": -40
    }  # fmt: skip
    assert data["arena"]["format"] == "cnncalc.arena"
    rows = [*csv.DictReader(run(NET, "--flash", "1MB", "--format", "csv").stdout.splitlines())]
    assert rows == [
        {"memory": "flash", "bytes": "48056", "budget": "1000000", "left": "951944", "layer": ""}
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "there is no budget; give --ram or --flash, such as 256kB"),
        (
            ["--ram", "lots"],
            "--ram: 'lots' cannot be read as a number of bytes, such as 256kB or 1MB",
        ),
        (["--flash", "1"], "--flash needs a unit; write 1kB"),
        (["--ram", "1.5"], "--ram needs a unit; write 1.5kB"),
        (["--ram", "0kB"], "--ram must be at least 1 byte, not 0kB"),
        (["--ram", "256kB", "--format", "cvs"], "no format 'cvs'; did you mean 'csv'?"),
    ],
)
def test_invalid_budgets_are_refused(options, says):
    assert str(run(NET, *options).exception) == says
    assert isinstance(run(NET, *options).exception, UsageError)
