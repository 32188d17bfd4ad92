"""The program's entry point: interruptions and exhausted memory end in one sentence."""

import gc
import subprocess
import sys

import pytest

from cnncalc import __main__, cli


@pytest.fixture(autouse=True)
def garbage_collection():
    """The program switches it off, and freezes what exists at its end."""
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt, 130, "interrupted"),
        (MemoryError, 2, "not enough memory"),
        (SystemError("error return without exception set"), 2, "not enough memory"),
        (OSError(12, "Cannot allocate memory"), 2, "not enough memory"),
        (ImportError("x.so: failed to map segment from shared object"), 2, "not enough memory"),
    ],
)
def test_loading_errors_end_in_one_sentence(monkeypatch, capsys, error, code, says):
    def fail():
        raise error

    monkeypatch.setattr(cli, "main", fail)
    with pytest.raises(SystemExit) as stopped:
        __main__.main()
    assert stopped.value.code == code
    assert capsys.readouterr().err == f"cnncalc: {says}\n"


@pytest.mark.parametrize("error", [ImportError("no module 'yaml'"), OSError(5, "disk"), KeyError()])
def test_other_errors_keep_their_traceback(monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setattr(cli, "main", fail)
    with pytest.raises(type(error)):
        __main__.main()


def program(setup, *arguments):
    """Run the program in a new process after these statements."""
    code = f"import sys\n{setup}\nfrom cnncalc.__main__ import main\nmain()\n"
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, encoding="utf-8", check=False)


def test_nothing_is_imported_before_interrupts_are_handled():
    code = "import sys; old = {*sys.modules}; import cnncalc.__main__; print(*{*sys.modules} - old)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {*ran.stdout.split()} <= {"cnncalc", "cnncalc.__main__", "gc"}


INTERRUPT = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
class Finder:
    def find_spec(self, name, path, target=None):
        if name == {!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    "module", ["cnncalc.cli", "typing", "typer", "cnncalc.cli.summarize", "yaml", "cnncalc.render"]
)
def test_ctrl_c_during_any_import_gets_a_sentence(module):
    ran = program(INTERRUPT.format(module), "summarize", "lenet5")
    assert (ran.returncode, ran.stderr) == (130, "cnncalc: interrupted\n")


LIMIT = """
import re, resource
from pathlib import Path
from cnncalc.cli import {0}
size = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + 7_000_000,) * 2)
"""
MANY = "".join(f"- conv: {{filters: {n}, kernel: 3, padding: 1}}\n" for n in range(1, 4_000))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the address space")
@pytest.mark.parametrize("command", ["summarize", "memory", "grade"])
def test_a_limit_on_memory_gets_a_sentence(tmp_path, command):
    (tmp_path / "net.yaml").write_text(f"input: 3x9x9\nlayers:\n{MANY}", encoding="utf-8")
    sheet = f"architecture: {tmp_path / 'net.yaml'}\nanswers: {{conv1: {{params: 1}}}}\n"
    (tmp_path / "hw.yaml").write_text(sheet, encoding="utf-8")
    file = tmp_path / ("hw.yaml" if command == "grade" else "net.yaml")
    ran = program(LIMIT.format(command), command, file)
    assert (ran.returncode, ran.stderr, ran.stdout) == (2, "cnncalc: not enough memory\n", "")


FULL = """
import os, typer
import cnncalc.cli.show as show
def room():
    bytearray(500_000)
    os.write(1, b"room")
def run(context: typer.Context, name: str) -> None:
    context.call_on_close(room)
    held = []
    while True:
        held.append(bytearray(100_000))
show.run = run
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the address space")
def test_there_is_room_to_clean_up_when_memory_is_full():
    """CPython 3.11 loops forever where it cannot allocate a number while it handles an error."""
    ran = program(LIMIT.format("show") + FULL, "show", "lenet5")
    assert (ran.returncode, ran.stderr, ran.stdout) == (2, "cnncalc: not enough memory\n", "room")
