"""A slice of the attack with hostile input, and planted faults that it has to notice."""

import sys
import time
from pathlib import Path

import pytest
import typer

if sys.platform != "linux":
    pytest.skip("watches a process through /proc", allow_module_level=True)

import attack
import hostile

from cnncalc import cli


@pytest.fixture(scope="module")
def watch():
    attack.arm()
    return attack.Watch()


def wrong(watch, tmp_path, argv=("kinds",)):
    """The kinds of failures that are seen in a run."""
    case = hostile.Case("planted", [*argv])
    work = attack.lay_out(case, tmp_path)
    found = attack.inside(case, work, watch, attack.memory("VmRSS"))
    return {kind for kind, _ in attack.failures(case, found, work)}


def spin():
    while True:
        time.process_time()


def swell():
    return b"x" * (60 * attack.MB)


def leave(code):
    return lambda: sys.exit(code)


PLANTED = {
    "traceback": ("traceback", lambda: {}["x"]),
    "slow": ("slow", spin),
    "memory": ("memory", swell),
    "exit code": ("exit code", leave(3)),
    "no reason": ("no reason", leave(2)),
    "escape sequence": ("control character", lambda: sys.stdout.write("\x1b[2J")),
    "bell on stderr": ("control character", lambda: typer.echo("\a", err=True)),
    "long line": ("long line", lambda: typer.echo("x" * 2_001, err=True)),
    "canary": ("disclosure", lambda: typer.echo(Path("../outside/secret.txt").read_text())),
    "file outside": ("outside", lambda: Path("../outside/new").write_text("")),
    "folder outside": ("outside", lambda: Path("../outside/folder").mkdir()),
    "control character in a page": (
        "control character",
        lambda: Path("page.md").write_text("\x07"),
    ),
    "tag in a page": ("raw tag", lambda: Path("page.html").write_text("<script>x")),
    "formula in a gradebook": ("formula", lambda: Path("marks.csv").write_text("a,=1+1\r\n")),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_noticed(watch, tmp_path, monkeypatch, name):
    monkeypatch.setattr(attack, "SECONDS", 0.2)
    monkeypatch.setattr(attack, "MEMORY", 30 * attack.MB)
    kind, fault = PLANTED[name]
    monkeypatch.setattr(cli, "main", fault)
    assert wrong(watch, tmp_path) == {kind}


def test_a_sound_run_has_no_faults(watch, tmp_path):
    assert wrong(watch, tmp_path, ["layer", "linear", "7", "--out-features", "3"]) == set()


def test_a_negative_number_is_not_a_formula():
    assert not attack.FORMULA.match("-1,234.5")
    assert attack.FORMULA.match("-1+1")


def test_a_number_always_draws_the_same_case():
    for number in range(5):
        assert hostile.draw(3, number) == hostile.draw(3, number)


def test_every_command_is_attacked():
    families = ["line"] * 40 + ["list"] * 40 + ["number"] * 20 + ["torch"] * 9
    families += ["layer", "sheet"] + ["quiz"] * 12
    drawn = {hostile.draw(1, number, [family]).argv[0] for number, family in enumerate(families)}
    assert set(cli.names()) <= drawn
