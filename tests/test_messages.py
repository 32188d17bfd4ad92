"""How the command line shows errors: on a terminal, in a pipe, and when interrupted."""

import io
import os
import subprocess
import sys

import pytest
import yaml

import cnncalc
from cnncalc import cli, layers
from cnncalc.cli import _errors
from cnncalc.core.errors import CnncalcError, Mistakes, SpecError, UsageError, did_you_mean
from cnncalc.spec import advice, catalog, source, text

WRONG = "input: 3x8x8\nlayers:\n  - reluu\n  - max_pool: {kernel: 3, pad: 'a b'}\n"


def mistakes(file):
    with pytest.raises(Mistakes) as caught:
        cnncalc.summarize(file)
    return caught.value


@pytest.fixture
def wrong(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(WRONG, encoding="utf-8")
    return file


def program(*arguments, **options):
    command = [sys.executable, "-m", "cnncalc", *map(str, arguments)]
    return subprocess.run(command, encoding="utf-8", check=False, timeout=60, **options)


def test_a_terminal_shows_the_line_caret_help_and_count(wrong):
    first, second, count = _errors.drawn(mistakes(wrong), colour=False).split("\n\n")
    assert first.splitlines() == [
        "error: no layer kind 'reluu'",
        f"  --> {wrong}:3:5",
        "   3 |   - reluu",
        "     |     ^^^^^",
        " help: did you mean 'relu'?",
    ]
    assert second.splitlines()[2:4] == [
        "   4 |   - max_pool: {kernel: 3, pad: 'a b'}",
        "     |                           ^^^",
    ]
    assert count == "Found 2 errors."


def test_a_pipe_gets_one_line_for_each_mistake(wrong):
    lines = _errors.plain(mistakes(wrong)).splitlines()
    assert lines[0] == f"{wrong}:3:5: no layer kind 'reluu'; did you mean 'relu'?"
    assert len(lines) == 2


def test_an_error_without_a_place_names_the_program():
    error = UsageError("no such thing", "try another")
    assert _errors.plain(error) == "cnncalc: no such thing; try another"
    assert _errors.drawn(error, colour=False) == "error: no such thing\n help: try another"


def test_a_missing_option_is_not_its_own_suggestion():
    result = program("sweep", "lenet5", capture_output=True)
    assert result.stderr == "cnncalc: missing option '--over'; see 'cnncalc sweep --help'\n"


def test_colour_changes_nothing_but_colour(wrong):
    coloured = _errors.drawn(mistakes(wrong), colour=True)
    assert "\x1b[1;31merror\x1b[0m" in coloured
    for code in ("\x1b[1;31m", "\x1b[31m", "\x1b[36m", "\x1b[1m", "\x1b[2m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == _errors.drawn(mistakes(wrong), colour=False)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False), ("", True)])
def test_a_terminal_has_colour_unless_disabled(monkeypatch, no_color, coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    drawn = []
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(_errors.typer, "echo", lambda text, err: drawn.append(text))
    _errors.show(UsageError("wrong"))
    assert ("\x1b" in drawn[0]) is coloured


def test_the_lines_of_a_base_are_never_shown(tmp_path):
    (tmp_path / "base.yaml").write_text(WRONG, encoding="utf-8")
    (tmp_path / "net.yaml").write_text("extends: base.yaml\n", encoding="utf-8")
    drawn = _errors.drawn(mistakes(tmp_path / "net.yaml"), colour=False)
    assert "base.yaml:3:5" in drawn
    assert "   3 | " not in drawn


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_the_line_is_the_right_one_with_every_line_ending(tmp_path, end):
    file = tmp_path / "net.yaml"
    file.write_bytes(WRONG.replace("\n", end).encode())
    assert "   3 |   - reluu\n" in _errors.drawn(mistakes(file), colour=False)


def test_a_long_line_is_cut_around_the_caret(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(f"input: 3\nlayers: [{'relu, ' * 100}reluu, tanh]\n", encoding="utf-8")
    _, _, line, caret, *_ = _errors.drawn(mistakes(file), colour=False).splitlines()
    assert len(line) < 120
    assert line[caret.index("^") :].startswith("reluu,")
    assert caret.count("^") == 5


def test_control_characters_of_a_spec_do_not_reach_the_terminal(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text('input: 3\nlayers: ["\\e[2Jx", "\u202erelu"]\n', encoding="utf-8")
    drawn = _errors.drawn(mistakes(file), colour=False)
    assert drawn.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["summarize", "--foo", "vgg16"], "no such option: --foo; see 'cnncalc summarize --help'"),
        (["summarize", "--bach", "2"], "no such option: --bach; did you mean '--batch'?"),
        (["summarise", "vgg16"], "no such command 'summarise'; did you mean 'summarize'?"),
        (["zzz"], "no such command 'zzz'; see 'cnncalc --help'"),
        (["summarize"], "missing argument 'NETWORK'; see 'cnncalc summarize --help'"),
        (
            ["summarize", "vgg16", "--batch", "x"],
            "--batch must be a whole number, not 'x'; see 'cnn",
        ),
        (
            ["summarize", "vgg16", "--batch"],
            "--batch needs a value; see 'cnncalc summarize --help'",
        ),
        (
            ["check-stride", *"73311"],
            "unexpected arguments '1 1'; see 'cnncalc check-stride --help'",
        ),
        (["list", "vgg16"], "unexpected argument 'vgg16'; see 'cnncalc list --help'"),
        (["summarize", "vgg16", "--input", "abc"], "--input: a shape must be whole numbers joined"),
        (
            ["summarize", "vgg16", "--input", "x=3x8x8"],
            "the network has no input 'x'; its only input is called 'input'",
        ),
        (
            ["summarize", "vgg16", "--set", "classes=x"],
            "VGG-16 does not take classes=x: linear 'out_",
        ),
        (["explain", "lenet5", "zzz"], "LeNet-5 has no layer 'zzz'; it has c1, "),
        (
            ["solve", "lenet5", "--for", "dtype", "--macs", "3M"],
            "a dtype has no largest value; cho",
        ),
        (
            ["solve", "lenet5", "--for", "batch", "--memory", "24"],
            "--memory needs a unit; write 24GiB",
        ),
        (
            ["solve", "lenet5", "--for", "batch", "--macs", "3Q"],
            "--macs: '3Q' cannot be read as a number; write it like ",
        ),
        (["draw", "lenet5", "--only", "b"], "the network has no blocks; leave out --only"),
        (
            ["sweep", "lenet5", "--over", "batch=1", "--where", "x > 1"],
            "--where: 'x' is not defined here; choose from layers, params",
        ),
        (
            ["sweep", "lenet5", "--over", "batch=1", "--where", "macs < 3X"],
            "--where: 'macs < 3X' is not an expression; write a condition such as macs < 300M",
        ),
        (
            ["sweep", "lenet5", "--over", "batch=1", "--dtype", "float16", "--over", "dtype=int8"],
            "--over varies 'dtype', which is also fixed; leave out one of them",
        ),
        (["device", "lenet5"], "a time needs a device or a calibration; name a device with --on"),
        (["draw", "lenet5", "--style", "window", "--layer", "f6", "-o", "f6.svg"], "layer 'f6' "),
        (["draw", "lenet5", "--animate"], "--animate is only for the window style; graph takes --"),
        (
            ["quiz", "--per-student", f"{__file__}x", "-o", "w"],
            f"no file '{__file__}x'; did you mean 'test_messages.py'?",
        ),
    ],
)
def test_usage_errors_look_like_every_other_error(monkeypatch, capsys, arguments, message):
    monkeypatch.setattr(sys, "argv", ["cnncalc", *arguments])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert done.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"cnncalc: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["check-stride", "7", "3", "3"]])
def test_a_pipe_that_closes_early_is_not_a_failure(arguments):
    reads, writes = os.pipe()
    os.close(reads)
    ran = program(*arguments, stdout=writes, stderr=subprocess.PIPE)
    os.close(writes)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_an_interrupt_during_loading_gets_a_sentence():
    code = (
        "import sys, builtins\n"
        "from cnncalc.__main__ import main\n"
        "def stop(*given):\n    raise KeyboardInterrupt\n"
        "builtins.__import__ = stop\n"
        "main()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], encoding="utf-8", stderr=subprocess.PIPE, check=False
    )
    assert (ran.returncode, ran.stderr) == (130, "cnncalc: interrupted\n")


def test_an_option_lets_a_spec_extend_files_elsewhere(tmp_path):
    (tmp_path / "base.yaml").write_text("input: 3\nlayers: [linear: 2]\n", encoding="utf-8")
    (tmp_path / "nets").mkdir()
    file = tmp_path / "nets/net.yaml"
    file.write_text("extends: ../base.yaml\n", encoding="utf-8")
    refused = program("summarize", file, capture_output=True)
    assert refused.returncode == 2
    assert "allow it with --extends-anywhere" in refused.stderr
    assert program("summarize", file, "--extends-anywhere", capture_output=True).returncode == 0


def test_every_command_that_is_refused_a_file_elsewhere_has_the_option_for_it(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "input: 1x8x8\nlayers: [conv: {filters: 2, kernel: 3}]\n", encoding="utf-8"
    )
    (tmp_path / "nets").mkdir()
    file = tmp_path / "nets/net.yaml"
    file.write_text("extends: ../base.yaml\n", encoding="utf-8")
    for command in ("check-stride", "claims", "explain", "quiz", "verify"):
        refused = program(command, file, capture_output=True)
        assert "allow it with --extends-anywhere" in refused.stderr
        allowed = program(command, file, "--extends-anywhere", capture_output=True)
        assert allowed.returncode == 0, allowed.stderr


def test_kinds_are_not_reported_as_missing_files():
    assert [word for word in advice.WORDS if layers.known(word)] == []


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("activation", ["dilation"]), ("attention", ["flatten"]), ("embedding", ["padding"]),
        ("space_to_depth", ["stochastic_depth"]), ("segnet", ["lenet5"]), (".svg", [".csv"]),
        ("yolo", catalog.names()), ("x1", ["x2"]), ("a", ["b"]),
        ("transformer", ["conv_transpose"]), ("conv99", ["conv1", "conv2"]), ("int4", ["int8"]),
        ("tpu", ["cpu"]), ("resnet51", ["resnet50", "resnet152"]), ("layer1.2", ["layer1.1"]),
    ],
)  # fmt: skip
def test_distant_words_are_not_suggested(word, known):
    assert did_you_mean(word, known) == ""


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("kernal", ["kernel", "stride"], "kernel"), ("vgg61", ["vgg11", "vgg16"], "vgg16"),
        ("Convv", ["conv", "concat"], "conv"), ("ad", ["add"], "add"), ("pcu", ["cpu"], "cpu"),
        ("pading", ["dilation", "padding"], "padding"), ("batchnrom", ["batch_norm"], "batch_norm"),
        ("tahn", ["tanh"], "tanh"), ("cnov3", ["conv1", "conv3"], "conv3"),
        ("conv", ["conv1"], "conv1"), ("conv1", ["conv1_1"], "conv1_1"),
        ("layer2.1", ["layer1.2"], "layer1.2"),
    ],
)  # fmt: skip
def test_a_typo_gets_the_intended_word(word, known, meant):
    assert did_you_mean(word, known) == f"; did you mean {meant!r}?"


@pytest.mark.parametrize(
    ("name", "shape", "usual"),
    [("lenet5", "1x4x4", "1×32×32"), ("alexnet", "3x9x9", "3×227×227")],
)
def test_an_unsuitable_input_is_blamed_instead_of_the_network(name, shape, usual):
    with pytest.raises(UsageError) as caught:
        cnncalc.summarize(name, input=shape)
    assert f"does not take an input of {shape.replace('x', '×')}: " in caught.value.fact
    assert caught.value.help == f"the network's default input is {usual}"
    assert ".yaml" not in str(caught.value)


def test_an_extra_closing_bracket_is_ignored():
    assert advice._opening("a] [b")[0] == "["


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "net.yaml")
    with pytest.raises(UsageError, match="cannot be read as a file"):
        cnncalc.summarize(tmp_path / "net.yaml")


def test_a_base_that_cannot_be_read_is_reported_where_it_is_named(tmp_path, monkeypatch):
    (tmp_path / "base.yaml").write_text("input: 5", encoding="utf-8")
    (tmp_path / "net.yaml").write_text("extends: base.yaml", encoding="utf-8")
    right = source._spec_in

    def unreadable(file):
        if file.name == "base.yaml":
            raise UsageError("cannot read it: permission denied")
        return right(file)

    monkeypatch.setattr(source, "_spec_in", unreadable)
    with pytest.raises(CnncalcError, match=r"net\.yaml:1:10: cannot read it"):
        cnncalc.summarize(tmp_path / "net.yaml")


def test_a_yaml_error_without_a_place_is_reported(monkeypatch):
    def fail(self):
        raise yaml.MarkedYAMLError(problem="out of ideas")

    monkeypatch.setattr(text._Reader, "document", fail)
    with pytest.raises(SpecError, match=r"a\.yaml: the text is not valid YAML: out of ideas"):
        text.read("input: 5", "a.yaml")


def test_no_image_is_written_to_a_terminal(monkeypatch):
    pytest.importorskip("resvg_py")
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "argv", ["cnncalc", "draw", "lenet5", "--format", "png"])
    with pytest.raises(UsageError, match=r"a terminal cannot show png; use -o picture\.png"):
        cli.app(standalone_mode=False)
    assert sys.stdout.getvalue() == ""
