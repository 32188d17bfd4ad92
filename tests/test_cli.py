"""The command line: exit codes, streams and output files. The numbers are tested elsewhere."""

import gc
import io
import json
import re
import runpy
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import bridge, cli, layers, render
from cnncalc.cli import _complete, _help, layer
from cnncalc.core.errors import UsageError
from cnncalc.core.parsing import fields_of
from cnncalc.render.view import View
from cnncalc.spec import catalog

SMALL = "1x28x28-4C5-MP2-10N"


def run(*arguments, **settings):
    return CliRunner().invoke(cli.app, list(arguments), **settings)


def program(monkeypatch, *arguments):
    """Run the whole program in this process; returns its exit code."""
    monkeypatch.setattr(sys, "argv", ["cnncalc", *arguments])
    try:
        cli.main()
    except SystemExit as done:
        return done.code or 0
    finally:
        gc.enable()
    return 0


def test_a_table_goes_to_standard_output_and_nothing_to_standard_error(monkeypatch, capsys):
    assert program(monkeypatch, "summarize", SMALL) == 0
    out, err = capsys.readouterr()
    assert "Parameters" in out
    assert err == ""


def test_an_error_goes_to_standard_error_and_exits_with_2(monkeypatch, capsys):
    assert program(monkeypatch, "summarize", "vgg61") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("cnncalc: no file or built-in network 'vgg61'; did you mean")
    assert "Traceback" not in err


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(
    "arguments", [["summarize", SMALL], ["draw", SMALL], ["summarize", "vgg17"]]
)
def test_a_closed_stream_causes_no_traceback(monkeypatch, capsys, stream, arguments):
    monkeypatch.setattr(sys, stream, None)
    assert program(monkeypatch, *arguments) == (2 if "vgg17" in arguments else 0)


def test_an_interrupt_prints_one_sentence(monkeypatch, capsys):
    def interrupt(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(bridge, "verify", interrupt)
    assert program(monkeypatch, "verify", SMALL) == 130
    assert capsys.readouterr() == ("", "cnncalc: interrupted\n")


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["cnncalc", "--debug", "summarize", "vgg17"])
    with pytest.raises(UsageError):
        cli.main()


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("sumarize", "'summarize'"), ("summary", "'summarize'"), ("Info", "'summarize'"),
        ("params", "'summarize'"), ("flops", "'summarize'"), ("plot", "'draw'"),
        ("graph", "'draw'"), ("models", "'list'"), ("check", "'check-stride'"),
        ("stride", "'check-stride'"), ("mem", "'memory'"), ("dev", "'device' or 'devices'"),
    ],
)  # fmt: skip
def test_a_wrong_command_gets_the_one_that_is_meant(monkeypatch, capsys, word, meant):
    assert program(monkeypatch, word, "vgg16") == 2
    said = f"cnncalc: no such command {word!r}; did you mean {meant}?\n"
    assert capsys.readouterr().err == said


def test_a_network_in_place_of_a_command_gets_the_command(tmp_path, monkeypatch, capsys):
    (tmp_path / "net.yaml").touch()
    for word in ("vgg16", SMALL, str(tmp_path / "net.yaml")):
        assert program(monkeypatch, word, "--batch", "2") == 2
        help = f"to summarize this network, run 'cnncalc summarize {word}'"
        said = f"cnncalc: no such command {word!r}; {help}\n"
        assert capsys.readouterr().err == said


def test_a_command_like_no_other_gets_the_help(monkeypatch, capsys):
    assert program(monkeypatch, "train", "vgg16") == 2
    assert capsys.readouterr().err == "cnncalc: no such command 'train'; see 'cnncalc --help'\n"


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--batch-size", "did you mean '--batch'?"), ("--input_size", "did you mean '--input'?"),
        ("--out", "did you mean '--output'?"), ("--no-bias", "see 'cnncalc summarize --help'"),
        ("--spec", "see 'cnncalc summarize --help'"),  # the name of an argument
    ],
)  # fmt: skip
def test_a_wrong_option_gets_the_one_that_is_meant(monkeypatch, capsys, option, hint):
    assert program(monkeypatch, "summarize", "vgg16", option, "8") == 2
    assert capsys.readouterr().err == f"cnncalc: no such option: {option}; {hint}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["summarize", SMALL, "--batch"], "--batch needs a value"),
        (["check-stride", "7", "3", "3", "-p"], "-p needs a value"),
        (["grade", "a.yaml", "--all=1"], "option '--all' does not take a value"),
        (["--version=3"], "option '--version' does not take a value"),
    ],
)
def test_an_option_without_a_value_gets_one_sentence(monkeypatch, capsys, arguments, says):
    assert program(monkeypatch, *arguments) == 2
    command = "" if arguments[0].startswith("-") else f" {arguments[0]}"
    assert capsys.readouterr().err == f"cnncalc: {says}; see 'cnncalc{command} --help'\n"


def test_a_closed_pipe_ends_the_program_quietly():
    code = f"import sys; sys.argv = ['cnncalc', 'show', 'googlenet']; {RUN}"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0  # 1 would mean that the answer is "no"


RUN = "from cnncalc.cli import main; main()"


def test_the_module_runs_the_program():
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"cnncalc {cnncalc.__version__}\n"


def test_without_a_command_the_help_is_shown():
    assert "Usage:" in run().output
    assert run("--help").exit_code == 0
    assert run("--version").output == f"cnncalc {cnncalc.__version__}\n"


@pytest.mark.parametrize("name", cli.names())
def test_every_command_has_help_with_examples(name):
    text = run(name, "--help", terminal_width=80).output
    prose, _, examples = text.partition("\nExamples:\n")
    assert prose.startswith("Usage:")
    assert examples
    assert all(line.startswith(f"  cnncalc {name}") for line in examples.splitlines())
    assert run(name, "-h", terminal_width=80).output == text


def test_the_help_groups_commands_by_task():
    text = run("--help", terminal_width=80).output
    assert "..." not in text.partition("Commands")[2].replace("[ARGS]...", "")
    shown = re.sub(r"\s+", " ", text)
    for name in cli.names():
        command = cli.Commands().get_command(None, name)
        assert f" {name} {_help.sentence(command.help)}" in shown
        assert _help.sentence(command.help).endswith(".")
    assert max(map(len, text.splitlines())) <= 80
    listed = [name for group in _help.TASKS.values() for name in group]
    assert sorted(listed) == sorted(cli.names())
    assert "\nExamples:\n  cnncalc summarize vgg16\n" in text


def options():
    """Every option of every command: the command, its letters, its long name."""
    for name in cli.names():
        for option in cli.Commands().get_command(None, name).params:
            letters = [word[1] for word in option.opts if re.fullmatch("-[a-zA-Z]", word)]
            long = [word for word in option.opts if word.startswith("--")]
            yield from ((name, letter, long[0]) for letter in letters)
    yield from (("layer", letter, f"--{field}") for letter, field in layer.LETTERS.items())


def test_no_option_letter_has_two_meanings():
    """Across all commands; --kernel and --kernel-size are the same."""
    meanings = {}
    for _, letter, long in options():
        meanings.setdefault(letter, set()).add(re.split("[-_]", long.removeprefix("--"))[0])
    assert {letter: names for letter, names in meanings.items() if len(names) > 1} == {}
    assert meanings["k"] == {"kernel"}


@pytest.mark.parametrize(
    ("letters", "words"),
    [
        ("-k 3 -s 2 -p 1", "--kernel 3 --stride 2 --padding 1"),
        ("-k3 -d2", "--kernel-size 3 --dilation 2"),
        ("-k 3x5 -p 1x2", "--kernel 3x5 --pad 1x2"),
        ("-k=3 --no-bias -s 2", "--kernel 3 --stride 2 --no-bias"),
        ("-k 3 --bias False", "--kernel 3 --no-bias"),
    ],
)
def test_letters_set_the_fields_of_a_layer(letters, words):
    short = run("layer", "conv", "3x32x32", "--filters", "4", *letters.split())
    assert short.exit_code == 0
    assert short.stdout == run("layer", "conv", "3x32x32", "--filters", "4", *words.split()).stdout


@pytest.mark.parametrize("short", [("md", "markdown"), ("tex", "latex"), ("TXT", "table")])
def test_a_file_extension_names_its_format(short):
    drawn = [run("summarize", SMALL, "-f", word).stdout for word in short]
    assert drawn[0] == drawn[1] != ""
    assert run("explain", "vgg16", "fc6", "-f", "tex").stdout.startswith("% layer fc6")
    assert run("layer", "relu", "5", "-f", "md").stdout.startswith("### ")


@pytest.mark.parametrize(
    ("short", "name"), [("fp16", "float16"), ("BF16", "bfloat16"), ("fp64", "float64")]
)
def test_short_names_of_dtypes_are_understood(short, name):
    assert f"· {name}\n" in run("summarize", SMALL, "--dtype", short).stdout


def test_a_layer_takes_decimals():
    shown = run("layer", "upsample", "3x4x4", "--scale-factor", "1.5").stdout
    assert "3×4×4 → 3×6×6" in shown


@pytest.mark.parametrize(
    ("written", "name"),
    [("VGG16", "vgg16"), ("ResNet-50", "resnet50"), ("resnet_50", "resnet50"),
     ("MobileNetV2", "mobilenet_v2"), ("LeNet-5.yaml", "lenet5")],
)  # fmt: skip
def test_network_names_ignore_case_and_punctuation(written, name):
    assert run("summarize", written).stdout == run("summarize", name).stdout
    assert run("show", written).stdout == run("show", name).stdout


def test_no_two_networks_have_the_same_bare_name():
    assert [catalog.called(name.upper().replace("_", "-")) for name in catalog.names()] == [
        *catalog.names()
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cnncalc summarize resnet15", {"resnet152", "resnet152_v1"}),
        ("cnncalc explain vgg16 conv1", {"conv1_1", "conv1_2"}),
        ("cnncalc explain resnet18 layer1.0", {"layer1.0", "layer1.0.conv1"}),
        ("cnncalc explain vgg16 fc6 para", {"parameters"}),
        ("cnncalc summarize vgg16 --format mark", {"markdown"}),
        ("cnncalc summarize vgg16 --columns layer,ma", {"layer,macs", "layer,macs%"}),
        ("cnncalc summarize vgg16 --columns +r", {"+rf", "+read"}),
        ("cnncalc summarize vgg16 --convention ptf", {"ptflops", "ptflops-aten"}),
        ("cnncalc summarize vgg16 --dtype float1", {"float16"}),
        ("cnncalc summarize vgg16 --layout h", {"hwc"}),
        ("cnncalc layer conv_", {"conv_transpose"}),
        ("cnncalc kinds batch", {"batch_norm"}),
        ("cnncalc show lenet5_", {"lenet5_1998"}),
        ("cnncalc check-stride vgg1", {"vgg16", "vgg13"}),
        ("cnncalc summ", {"summarize"}),
        ("cnncalc explain nonsense x", set()),
    ],
)
def test_the_shell_completes(monkeypatch, line, found):
    """Through the protocol of bash, as ``--install-completion`` sets it up."""
    monkeypatch.setenv("_CNNCALC_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    words = CliRunner().invoke(cli.app, [], prog_name="cnncalc").stdout.split()
    assert found <= set(words)
    assert all(word.startswith(line.split()[-1]) for word in words)
    assert bool(words) == bool(found)


def test_files_are_completed_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine[1].yaml").touch()
    assert _complete.networks("mi") == ["mine[1].yaml"]
    assert _complete.networks("mine[1]") == ["mine[1].yaml"]


def test_the_file_extension_sets_the_format(tmp_path):
    for name in render.names():
        suffix = render.load(name).SUFFIX
        file = tmp_path / f"net{suffix}"
        result = run("summarize", SMALL, "-o", str(file))
        assert result.exit_code == 0
        assert result.stdout == ""
        assert "wrote" in result.stderr
        assert file.read_text(encoding="utf-8").endswith("\n")
    assert json.loads((tmp_path / "net.json").read_text())["name"] == SMALL


def test_a_file_without_an_extension_holds_a_table(tmp_path):
    run("summarize", SMALL, "-o", str(tmp_path / "net"))
    assert "Parameters" in (tmp_path / "net").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["summarize", SMALL, "-o", "/nowhere/net.txt"], "cannot write '/nowhere/net.txt'"),
        (["summarize", SMALL, "--format", "jsno"], "no format 'jsno'; did you mean 'json'?"),
        (["summarize", SMALL, "--columns", "parms"], "no column 'parms'; did you mean 'params'?"),
        (["summarize", SMALL, "--sort", "parms"], "did you mean 'params'"),
        (["summarize", SMALL, "--layout", "cwh"], "or hwc (channels last), not 'cwh'"),
        (["summarize", SMALL, "--set", "classes"], "--set takes NAME=VALUE"),
        (
            ["summarize", SMALL, "--set", "classes=5"],
            "has no parameter 'classes', because it is not",
        ),
        (["summarize", "alexnet", "--set", "a=1", "--set", "a=2"], "--set gives 'a' twice"),
        (["summarize", "mynet:Net", "--arg", "width"], "--arg takes NAME=VALUE, as in width=64"),
        (["verify", "mynet:Net", "--arg", "width"], "--arg takes NAME=VALUE, as in width=64"),
        (["sweep", "alexnet", "--over", "batch=1", "--over", "batch=2"], "gives 'batch' twice"),
        (["summarize", "net.py:Net"], "names a file; name its module, as in net:Net"),
        (["summarize", "./my/net.py:Net"], "names a file; name its module, as in my.net:Net"),
        (["summarize", "net.onnx"], "no file 'net.onnx'"),
        (
            ["import", SMALL, "-o", "net.json"],
            "import writes YAML, but 'net.json' ends in '.json'; use .yaml",
        ),
        (["draw", SMALL, "-o", "/nowhere/net.svg"], "cannot write '/nowhere/net.svg'"),
        (
            ["export", SMALL, "-o", "net.onnx"],
            "--to torch writes .py files, but 'net.onnx' ends in '.onnx'; use --to onnx",
        ),
        (["export", SMALL, "-o", "net.xyz"], "but 'net.xyz' ends in '.xyz'; use .py"),
        (["report", SMALL, "-o", "net.pdf"], "report writes HTML, but 'net.pdf' ends in '.pdf'"),
        (["summarize", SMALL, "-i", "3x4x4", "-i", "1x2x2"], "inputs as NAME=SHAPE, not '3x4x4'"),
        (["summarize", SMALL, "-i", "left=1x30x30"], "no input 'left'"),
        (
            ["summarize", "siamese_koch", "-i", "left=1x9x9", "-i", "left=1x8x8"],
            "--input gives 'left' twice; leave one out",
        ),
        (["summarize", SMALL, "--plot", "-o", "net.svg"], "--plot draws text, but 'net.svg' ends"),
        (["memory", SMALL, "--plot", "-o", "net.json"], "but 'net.json' ends in '.json'; use .txt"),
        (["verify", "net:Net", "--tiny"], "--tiny is not for a PyTorch model"),
        (["verify", "net:Net", "--layout", "hwc"], "--layout is not for a PyTorch model"),
        (["solve", SMALL], "a network needs --for and a budget, as in --for batch --memory 24GiB"),
        (["summarize", SMALL, "--dtype", "flaot32"], "did you mean 'float32'"),
        (["summarize", SMALL, "--batch", "0"], "at least 1, not 0"),
        (["show", "vgg17"], "no built-in network 'vgg17'"),
        (["show", "net.yaml"], "no built-in network 'net.yaml'; show prints only"),
        (["compare", "vgg16,vgg19"], "not 1; separate them with spaces, as in cnncalc compare vgg"),
        (["summarize", "torchvision.models.vgg16"], "model, write torchvision.models:vgg16"),
        (["summarize", "3x8x8 - 4C3 - 10N"], "joins layers with '-', as in 3x8x8-4C3-10N"),
        (["summarize", "3x8x8, 4C3; 10N"], "joins layers with '-', as in 3x8x8-4C3-10N"),
        (
            ["summarize", "3x5"],
            "'3x5' is a shape without layers; write them after it, as in 3x5-32C3p1-10N",
        ),
        (["summarize", "32C5-MP2"], "starts with the input shape, as in 1x28x28-32C5-MP2"),
        (["summarize", SMALL, "--dtype", "torch.half"], "did you mean 'float16'?"),
        (["summarize", SMALL, "-o", "/"], "cannot write '/': it is a folder; name a file"),
        (["list", "--names", "--format", "csv"], "--names prints text; leave out --format csv"),
        (["check-stride", "7, 3, 3"], "check-stride needs N, F and S, as in 7 3 3"),
        (["solve", "--input", "9" * 101], "--input must have at most 100 digits, not 101"),
        (["report", SMALL, "--set", "2:a=1"], "is for network 2, but there is only one"),
        (["device", SMALL, "--on", "foo"], "run 'cnncalc devices' to see them all"),
        (["draw", SMALL, "--depth", "0"], "--depth must be a whole number of at least 1, not 0"),
        (["draw", SMALL, "--style", "memory", "--depth", "2"], "has no options of its own"),
        (["practice", "--count", "0"], "--count must be from 1 to 1,000, not 0"),
        (["quiz", "--count", "0"], "--count must be from 1 to 1,000, not 0"),
        (["sweep", SMALL, "--over", "batch=1,2", "--sample", "0"], "--sample must be from 1 to"),
        (
            ["sweep", SMALL, "--over", "batch=1,2", "--jobs", "0"],
            "--jobs must be from 1 to 1,000, not 0",
        ),
        (
            ["sweep", SMALL, "--over", "batch=1,2", "--jobs", "1001"],
            "--jobs must be from 1 to 1,000, not 1,001",
        ),
        (["solve", SMALL, "--for", "batch", "--ram", "1"], "--ram needs a unit; write 1kB"),
        (["sweep", SMALL, "--over", "batch=1,2", "-o", "s.xyz"], ".md, .parquet, .pdf, .png, .svg"),
        (["device", SMALL, "--on", "t4", "-o", "r.xyz"], ".md, .pdf, .png, .svg, .tex, .txt"),
        (["device", SMALL, "--on", "t4", "-o", "r.pgn"], "'.pgn'; did you mean '.png'?"),
        (
            ["solve", SMALL, "--for", "batch", "--macs", "4GiB"],
            "--macs: '4GiB' cannot be read as a number;",
        ),
        (["solve", SMALL, "--for", "batch", "--macs", "0"], "--macs must be at least 1, not 0"),
        (
            ["solve", SMALL, "--for", "batch", "--macs", "3M", "--step", "0"],
            "--step must be a positive decimal, such as 0.05, not '0'",
        ),
        (["kinds", "convv"], "did you mean 'conv'"),
        (["list", "--format", "xml"], "no format 'xml'; choose from csv, html, json"),
    ],
)
def test_invalid_input_gets_one_clear_sentence(arguments, says):
    result = run(*arguments)
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


def test_settings_batch_input_and_layout_reach_the_report():
    """AlexNet's conv1 in a batch of 2 at 231: (231 - 11)/4 + 1 = 56."""
    result = run(
        "summarize", "alexnet", "--set", "classes=10", "-b", "2", "-i", "input=231x231x3",
        "--layout", "hwc", "--columns", "layer,output",
    )  # fmt: skip
    assert result.exit_code == 0
    assert "56×56×96" in result.stdout
    assert "batch 2" in result.stdout
    assert "fc8" in result.stdout


def test_columns_can_be_added_chosen_and_sorted():
    plus = run("summarize", SMALL, "--columns", "+macs%,+params").stdout
    headings = plus.split("\n\n")[1].splitlines()[0]
    assert headings.split() == [
        "Layer",
        "Kind",
        "Kernel",
        "Output",
        "Params",
        "MACs",
        "Memory",
        "RF",
        "MACs",
        "%",
    ]
    every = run("summarize", SMALL, "--columns", "all", "-f", "csv").stdout.splitlines()[0]
    assert every.split(",")[0] == "layer"
    ordered = run("summarize", SMALL, "--sort", "params", "--columns", "layer").stdout.splitlines()
    assert ordered[4].strip() == "linear1"  # 4·12·12·10 + 10 = 5,770 is the largest
    assert "138,357,544" in run("summarize", "vgg16", "--exact").stdout


def test_depth_opens_blocks():
    folded = run("summarize", "resnet18", "--depth", "1").stdout
    opened = run("summarize", "resnet18", "--depth", "3").stdout
    assert "conv2" not in folded
    assert re.search("^layer1.0 +building_block\n  conv1 +conv ", opened, re.M)


@pytest.mark.parametrize(("columns", "fits"), [("80", True), ("200", False)])
def test_a_drawing_is_as_wide_as_the_terminal_allows(monkeypatch, columns, fits):
    monkeypatch.setenv("COLUMNS", columns)
    lines = run("draw", "unet_image").stdout.splitlines()
    assert (max(map(len, lines)) <= 80) is fits


def test_plots_are_drawn_without_a_format():
    result = run("summarize", SMALL, "--plot")
    assert result.exit_code == 0
    assert "linear1" in result.stdout
    assert run("summarize", SMALL, "--plot", "--format", "json").exception is not None


@pytest.mark.usefixtures("_once_each")
@pytest.mark.parametrize("format", ["table", "json"])
def test_the_list_has_every_architecture(format):
    text = run("list", "--format", format).stdout
    assert all(name.replace("_", r"\_") in text or name in text for name in catalog.names())


def test_names_alone_can_be_listed():
    assert run("list", "--names").stdout.split() == list(catalog.names())


@pytest.mark.parametrize("person", [True, False])
def test_long_work_shows_its_progress_on_a_terminal(monkeypatch, person):
    from cnncalc.cli import _shared

    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(shown, "isatty", lambda: person)
    assert list(_shared.announced(["lenet5", "vgg16"])) == ["lenet5", "vgg16"]
    assert ("lenet5" in shown.getvalue()) is person


@pytest.mark.parametrize("name", catalog.names())
def test_show_prints_the_yaml_as_it_is(name):
    assert run("show", name).stdout == catalog.path(name).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", layers.names())
def test_the_help_of_a_layer_shows_its_fields(kind):
    text = run("layer", kind, "--help").stdout
    assert "--batch" in text
    for name in fields_of(layers.load(kind)):
        assert f"--{name.replace('_', '-')} " in text


def test_columns_and_layouts_ignore_case():
    words = ["summarize", SMALL, "--columns", "Layer, Output,MACs", "--sort", "MACs"]
    lower = ["summarize", SMALL, "--columns", "layer,output,macs", "--sort", "macs"]
    assert run(*words, "--layout", "HWC").stdout == run(*lower, "--layout", "hwc").stdout


def test_a_layer_without_a_kind_is_refused():
    assert "--dtype" in run("layer", "--help").stdout
    assert "needs a kind" in str(run("layer").exception)
    assert "did you mean 'conv'" in str(run("layer", "cnov", "--help").exception)


@pytest.mark.parametrize("kind", layers.names())
def test_every_kind_is_shown_with_its_formula_and_example(kind):
    text = run("kinds", kind).stdout
    assert text.startswith(kind)
    assert "Worked examples" in text


def test_a_count_of_one_is_singular():
    """1-1N: a neuron with one input; a ReLU in place stores only its input."""
    assert " 2 (1 weight + 1 bias)\n" in run("summarize", "1-1N").stdout
    assert "parameters: 2 (1 weight + 1 bias)" in run("explain", "1-1N").stdout
    text = "input: 1\nlayers: [relu]\n"
    assert "memory: 4 B (1 stored element)" in run("explain", "-", input=text).stdout


def test_a_main_field_stands_alone_unless_another_field_is_required():
    assert "kernel_size is the main field" in run("kinds", "max_pool").stdout
    refused = run("summarize", "-", input="input: 8\nlayers: [{embedding: 3}]\n").exception
    assert "embedding needs 'num_embeddings'" in str(refused)
    assert "main field" not in run("kinds", "embedding").stdout


def test_the_explanation_of_a_kind_has_names_in_quotes():
    text = " ".join(run("kinds", "split").stdout.split())
    assert "With 'part', that part is the only output." in text
    assert "`" not in text


def test_kinds_lists_every_kind():
    text = run("kinds").stdout
    assert all(name in text for name in layers.names())


def test_standard_input_is_a_spec():
    text = "input: 784\nlayers: [{linear: 10}]\n"
    assert "7,850" in run("summarize", "-", input=text).stdout


def test_a_pipe_gets_no_colour():
    assert "\x1b" not in run("summarize", SMALL).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_gets_one_sentence(monkeypatch, capsys):
    def full(*arguments, **settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "app", full)
    assert program(monkeypatch, "list") == 2
    assert capsys.readouterr().err == "cnncalc: cannot write: No space left on device\n"
    monkeypatch.setattr(sys, "argv", ["cnncalc", "--debug", "list"])
    with pytest.raises(OSError, match="No space"):
        cli.main()


@pytest.mark.usefixtures("_once_each")
@pytest.mark.parametrize(
    ("arguments", "name", "begins"),
    [
        (["explain", "vgg16", "fc6"], "fc6.tex", "% layer fc6"),
        (["explain", "vgg16", "fc6"], "fc6.md", "### fc6"),
        (["explain", "vgg16", "fc6"], "fc6", "fc6 · linear"),
        (["list"], "list.csv", "name,network"),
        (["summarize", SMALL], "net.md", "## "),
    ],
)
def test_every_command_selects_the_format_by_file_extension(tmp_path, arguments, name, begins):
    assert run(*arguments, "-o", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize(
    "arguments", [["summarize", SMALL], ["list"], ["explain", "vgg16", "fc6"]], ids=" ".join
)
def test_an_unknown_file_extension_is_refused(tmp_path, arguments):
    result = run(*arguments, "-o", str(tmp_path / "net.xyz"))
    assert "no format for the extension '.xyz'" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--kernel", "3", "--kernel", "5"], "--kernel is given twice"),
        (["--padding"], "--padding needs a value"),
        (["--no-bais"], "conv has no field --no-bais; did you mean --no-bias?"),
        (["--no-bias=false"], "--no-bias takes no value; write --no-bias or --bias"),
        (["--no-bias", "true"], "--no-bias takes no value; write --no-bias or --bias"),
        (["--no-bias", "0"], "--no-bias takes no value; write --no-bias or --bias"),
        (["-x", "3"], "conv has no field -x; run 'cnncalc kinds conv' to see its fields"),
        (["--qqq"], "conv has no field --qqq; run 'cnncalc kinds conv' to see its fields"),
    ],
)
def test_a_field_of_a_layer_needs_one_value(words, says):
    result = run("layer", "conv", "3x8x8", "--filters", "4", *words)
    assert says in str(result.exception)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("conv 3x8x8 --filters 0 --kernel 3", "conv --filters must be a whole number"),
        ("conv 3x8x8 --filters 4", "conv needs --kernel-size (filter size"),
        ("conv 3x8x8 --filters 1e3 -k 3", "a whole number of at least 1, not 1e3"),
        ("linear 784 --out-features 784.0", "a whole number of at least 1, not 784.0"),
        ("conv 3x8x8 --filters 5 -k 5.0", "or one per axis, not 5.0"),
        ("conv 3x8x8 --filters 10 -k 1e1", "or one per axis, not 1e1"),
        (
            "conv 3x8x8 --filters 8 -k 1e1 -d 10.0",
            "--kernel-size must be a whole number of at least 1, or one per axis, not 1e1",
        ),
        (
            "conv 3x8x8 --filters 8 -k 1e1 -d 10.0",
            "--dilation must be a whole number of at least 1, or one per axis, not 10.0",
        ),
        ("add 4x8x8", "give the shape of every input, as in cnncalc layer add 4x8x8 4x8x8"),
        ("linear 3x8x8 10", "(number of outputs); '10' was read as the shape of another input"),
        ("relu 3x8x8 1", "expected 1 input, not 2; '1' was read as the shape of another input"),
        ("conv 3 8 8 --filters 4 -k 3", "; write the shape of a single input as 3x8x8"),
        ("conv 3 8 8", "; write the shape of a single input as 3x8x8"),
        ("conv 8 --filters 4 -k 3", "not a vector of 8; write its shape with a size for each axis"),
        ("conv 3x8x8 --filters 4 --kernl 3", "no field --kernl; did you mean --kernel?"),
        ("conv 3x8x8 --filters 4 --kernel 3 --mode x", "no field --mode; it has --out-channels, "),
        ("conv 3x8x8 --filters 4 --out-channels 4 --kernel 3", "both --filters and --out-channels"),
        ("crop 3x8x8", "crop needs exactly one of --crop, --size and --like"),
        ("pad 1x3x3 --padding 3 --mode reflect", "pad by less or use --mode replicate"),
        (
            "pad 3x8x8 --top 1 --mode reflect",
            "pad has no field --top; write it as in --padding '{top: 1}'",
        ),
        (
            "conv 3x8x8 --filters 4 -k 3 --padding-mode reflect",
            "; instead of padding here, put a pad layer with mode reflect before it",
        ),
        ("conv 3x8x8 --filters 4 -k 3 --bias no", "conv --bias must be true or false, not 'no'"),
        ("conv 3x8x8 --filters 4 -k 3 --bias 0", "conv --bias must be true or false, not 0"),
        ("split 4x8x8 --split-size-or-sections 2", "list the sizes as --parts; in torch.split, a"),
        ("split 4x8x8 --parts 2", "split has several outputs; choose one with --part"),
        ("avg_pool 4x5x5 --kernel 3 --padding 2", "padding 2 is more than half of the window"),
        (
            "avg_pool 4x5x5 --kernel 3 --padding 2",
            "to pool zeros, move the padding into a pad layer",
        ),
    ],
)
def test_errors_name_the_fields_of_a_layer_as_they_are_typed(words, says):
    assert says in str(run("layer", *words.split()).exception)


def test_a_letter_names_the_padding_or_a_field_of_that_letter():
    assert "(p 0.3)" in run("layer", "dropout", "32", "-p", "0.3").stdout
    assert "(p 0.3)" in run("layer", "dropout", "32", "-p0.3").stdout
    assert "padding 1" in run("layer", "lp_pool", "3x8x8", "-k2", "-p1", "--p", "2").stdout
    result = run("layer", "dropout", "32", "-k", "3")
    assert "dropout has no field -k;" in str(result.exception)


def test_a_flag_before_the_shape_does_not_swallow_it():
    result = run("layer", "conv", "--filters", "4", "--kernel", "3", "--no-bias", "3x8x8")
    assert "parameters: 108" in result.stdout  # 3·3·3·4
    assert "4×6×6" in result.stdout


@pytest.mark.parametrize("column", ["params", "params%", "intensity", "rf", "jump", "start"])
def test_every_numeric_column_is_sorted_largest_first(column):
    text = run("summarize", "vgg16", "--sort", column, "--columns", column, "-f", "csv").stdout
    values = [float(line) for line in text.splitlines()[1:] if line]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 1


def test_a_text_column_is_sorted_alphabetically():
    text = run("summarize", "lenet5", "--sort", "kind", "--columns", "kind", "-f", "csv").stdout
    assert text.splitlines()[1:] == sorted(text.splitlines()[1:])


def test_a_folded_block_shows_the_sum_of_its_outputs():
    """So that the memory column adds up to the total, except for values in brackets."""
    report = cnncalc.summarize("resnet18")
    view = View(report, ("memory",), depth=1)
    shown = [line for line in view.lines if line.cost.activations_total]
    assert sum(view.values(line)[0] for line in shown) == report.totals.activations_total_bytes


def test_explanations_include_the_batch():
    text = run("explain", "vgg16", "conv1_1", "macs", "--batch", "4").stdout
    assert "MACs of the batch = MACs·batch = 86,704,128·4 = 346,816,512" in text


def test_fields_that_differ_by_axis_are_shown_by_axis_and_fixed_weights_in_the_totals():
    text = run("summarize", "1x9x9-2C3x5", "--columns", "layer,rf", "--sort", "rf").stdout
    assert "3×5" in text
    assert re.search("Fixed weights +840\n", run("summarize", "lenet5_1998").stdout)


def test_explaining_an_input_shows_its_shape():
    assert run("explain", "lenet5", "input", "shape").stdout.startswith("input · input · 1×32×32\n")


def test_the_network_s_own_module_runs(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["cnncalc", "list", "--names"])
    # Another test in this process may have imported it, which runpy warns about.
    monkeypatch.delitem(sys.modules, "cnncalc.__main__", raising=False)
    with pytest.raises(SystemExit) as done:
        runpy.run_module("cnncalc", run_name="__main__")
    gc.enable()
    gc.unfreeze()
    assert not done.value.code


@pytest.mark.usefixtures("_once_each")
def test_macs_are_formatted_the_same_in_every_table():
    assert "| MACs |" in run("list", "--format", "markdown").stdout.splitlines()[2]
