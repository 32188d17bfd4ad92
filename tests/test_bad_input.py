"""Invalid specs: each error says what is wrong and where, once and quickly."""

import io
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.analysis.explore import grid, largest, sweep
from cnncalc.conventions import published
from cnncalc.core import record, shape
from cnncalc.core.errors import CnncalcError, Mistakes, UsageError, unwritable
from cnncalc.footprint import budget
from cnncalc.homework import marking, sheet, submissions
from cnncalc.homework.convolution import matrix, window
from cnncalc.homework.sheets import _table, xlsx
from cnncalc.spec import checks, expansion, expression, files, inputs, source, work
from cnncalc.spec import text as spec_text
from cnncalc.spec.readers import _onnx_file, _protobuf, _wiring, keras, onnx

ROOT = Path(__file__).parents[1]
CASES = Path(__file__).parent / "cases" / "errors"
NAMES = sorted(file.stem for file in CASES.glob("*.yaml"))
MESSAGES = sorted(file.stem for file in CASES.glob("*.txt"))


def error(target, **options):
    """The text of a spec's error."""
    with pytest.raises(CnncalcError) as caught:
        cnncalc.summarize(target, **options)
    return str(caught.value)


# Each pair of files has one invalid spec and its exact message.


def test_every_case_has_its_message():
    assert NAMES == MESSAGES


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_spec_gets_exactly_this_message(name):
    if name.startswith("syntax_") and not yaml.__with_libyaml__:
        pytest.skip("PyYAML words syntax errors differently without libyaml")
    message = error(CASES / f"{name}.yaml").replace(f"{CASES}{os.sep}", "")
    assert message == (CASES / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_message_is_a_sentence_with_its_place(name):
    for line in (CASES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("... and "):
            continue
        place, _, sentence = line.partition(": ")
        assert place.startswith((f"{name}.yaml", "bases/")), line
        assert sentence, line
        assert not sentence.endswith("."), line
        assert sentence[0] == sentence[0].lower() or sentence.startswith("YAML"), line
        assert len(sentence) < 300, line


# What a spec is read from.


def test_a_missing_file_is_named(tmp_path):
    assert error(tmp_path / "qqqqqq.yaml") == f"no file {str(tmp_path / 'qqqqqq.yaml')!r}"


def test_a_missing_file_named_like_a_built_in_gets_a_hint():
    assert error("nets/vgg_16.yaml") == "no file 'nets/vgg_16.yaml'; did you mean 'vgg16'?"


def test_a_misspelt_built_in_gets_a_hint():
    assert error("vgg61").endswith("'vgg61'; did you mean 'vgg16'?")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("vgg166", "'vgg16'"),
        ("vgg", "'vgg11', 'vgg13', 'vgg16' or 'vgg19'"),
        ("AlexNet_group", "'alexnet_grouped'"),
        ("densenet12", "'densenet121'"),
        ("resnet5", "'resnet50' or 'resnet50_v1'"),
    ],
)
def test_part_of_the_name_of_a_built_in_gets_a_hint(word, hint):
    assert error(word).endswith(f"{word!r}; did you mean {hint}?")


def test_a_misspelt_file_gets_the_name_of_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert error("nonet.yaml") == "no file 'nonet.yaml'"  # the built-in unet is no such file
    Path("nomet.yaml").mkdir()
    assert error("nonet.yaml") == "no file 'nonet.yaml'"
    Path("monet.yaml").touch()
    assert error("nonet.yaml") == "no file 'nonet.yaml'; did you mean 'monet.yaml'?"
    assert error("monet.yml") == "no file 'monet.yml'; did you mean 'monet.yaml'?"
    assert error("unit.yaml") == "no file 'unit.yaml'"  # only the extensions are alike


def test_an_unknown_word_gets_a_pointer_to_the_list():
    assert error("zzzzzz").endswith("'zzzzzz'; run 'cnncalc list' to see the built-in networks")


@pytest.mark.parametrize("word", ["a\0b", "~" * 100_000, "\ud800", "a\nb"])
def test_an_impossible_file_name_gets_a_short_error(word):
    assert len(error(word)) < 400


def test_a_folder_is_refused(tmp_path):
    assert error(tmp_path) == f"{str(tmp_path)!r} is a folder, not a file"


def test_an_empty_word_is_refused():
    assert error("") == "no network given; name a file or a built-in (see 'cnncalc list')"


def test_a_broken_link_is_a_missing_file(tmp_path):
    (tmp_path / "net.yaml").symlink_to(tmp_path / "nothing")
    assert error(tmp_path / "net.yaml").startswith("no file ")


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    (tmp_path / "net.yaml").symlink_to(tmp_path / "net.yaml")
    assert error(tmp_path / "net.yaml").startswith("no file ")


def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3\nlayers: [relu]\n", encoding="utf-8")
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    assert error(file) == f"cannot read {str(file)!r}: Permission denied"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")
def test_a_file_that_fails_while_it_is_read_is_refused():
    assert error("/proc/self/mem").startswith("cannot read '/proc/self/mem': ")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs Unix's /dev")
def test_a_device_is_read_only_up_to_the_limit():
    assert (
        error("/dev/null")
        == "/dev/null: the file is empty; a spec needs at least 'input' and 'layers'"
    )
    assert error("/dev/zero") == "/dev/zero: the file is longer than 5,000,000 bytes"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs Unix's pipes")
def test_a_pipe_without_a_writer_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "net.yaml").write_text("extends: pipe\n", encoding="utf-8")
    assert "is empty or not an ordinary file" in error(tmp_path / "net.yaml")


@pytest.mark.parametrize("target", [5, None, ["conv"], b"vgg16"])
def test_a_value_of_the_wrong_type_is_refused(target):
    with pytest.raises(
        UsageError, match="a network must be a name, a path, the notation or a mapping"
    ):
        cnncalc.summarize(target)


def file_of(folder, data):
    file = folder / "net.yaml"
    file.write_bytes(data)
    return file


NOT_TEXT = "the file is not text: it contains a null byte, as images and archives do"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "net.yaml: the file is empty; a spec needs at least 'input' and 'layers'"),
        (b" \n\t\n", "net.yaml: the file is empty; a spec needs at least 'input' and 'layers'"),
        (
            b"\xef\xbb\xbf",
            "net.yaml: the file is empty; a spec needs at least 'input' and 'layers'",
        ),
        (b"input: 3\nname: \xff\n", "net.yaml:2: the file is not text in UTF-8; save it as UTF-8"),
        (
            "input: 3\nlayers: [relu]\n".encode("utf-16"),
            "net.yaml:1: the file is not text in UTF-8; save it as UTF-8",
        ),
        (
            "name: caf\xe9\n".encode("latin-1"),
            "net.yaml:1: the file is not text in UTF-8; save it as UTF-8",
        ),
        (b"\x7fELF\0\0\0", f"net.yaml: {NOT_TEXT}"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", f"net.yaml: {NOT_TEXT}"),
        (b"input: 3\0\n", f"net.yaml: {NOT_TEXT}"),
    ],
)
def test_a_binary_file_is_refused(tmp_path, data, sentence):
    assert error(file_of(tmp_path, data)).removeprefix(f"{tmp_path}{os.sep}") == sentence


def test_a_control_character_is_refused_with_the_file(tmp_path):
    message = error(file_of(tmp_path, b"input: 3\nname: \x07\n"))
    assert message.startswith(f"{tmp_path / 'net.yaml'}: the text cannot be read as YAML")


GOOD = b"input: 3x8x8\nlayers:\n  - conv: {out_channels: 2, kernel_size: 1}\n"  # 3·2 + 2 = 8


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"),
        b"%YAML 1.2\n---\n" + GOOD,
        b"---\n" + GOOD + b"...\n",
        b"# a comment\n\n" + GOOD.rstrip(),
        GOOD + "name: \u0421\u0435\u0442\u044c\n".encode(),
    ],
)
def test_every_encoding_and_line_ending_is_read(tmp_path, data):
    assert cnncalc.summarize(file_of(tmp_path, data)).totals.params == 8


def test_locations_are_right_after_a_byte_order_mark_and_windows_line_endings(tmp_path):
    message = error(file_of(tmp_path, b"\xef\xbb\xbfinput: 3\r\nlayers:\r\n  - rellu\r\n"))
    assert "net.yaml:3:5: no layer kind 'rellu'" in message


def test_a_file_takes_precedence_over_a_built_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vgg16").write_bytes(GOOD)
    assert cnncalc.summarize("vgg16").totals.params == 8


def test_a_folder_does_not_hide_a_built_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vgg16").mkdir()
    assert cnncalc.summarize("vgg16").totals.params == 138_357_544


class Piped(io.TextIOWrapper):
    """Standard input from a pipe."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Piped(GOOD))
    assert cnncalc.summarize("-").totals.params == 8


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "<stdin>: the file is empty; a spec needs at least 'input' and 'layers'"),
        (b"\xff", "<stdin>:1: the file is not text in UTF-8; save it as UTF-8"),
        (
            b"input: 3\nlayers: [rellu]\n",
            "<stdin>:2:10: no layer kind 'rellu'; did you mean 'relu'?",
        ),
        (b" " * 5_000_001, "<stdin>: the file is longer than 5,000,000 bytes"),
    ],
)
def test_standard_input_is_named_in_errors(monkeypatch, data, sentence):
    monkeypatch.setattr(sys, "stdin", Piped(data))
    assert error("-") == sentence


@pytest.mark.parametrize("word", ["\udcff", "3\udc80", "[\ud800]"])
def test_bytes_that_are_not_text_are_refused_as_a_value(word):
    done = CliRunner().invoke(cli.app, ["layer", "conv", "3x9x9", "--filters", word])
    assert isinstance(done.exception, CnncalcError)
    assert "the file contains bytes that are not text; save it as UTF-8" in str(done.exception)


def test_a_closed_standard_input_is_reported(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert error("-") == "standard input is closed, so there is nothing to read"


@pytest.mark.parametrize("data", [b"\xff", b"input: [", b"layers: [']'\n", b""])
def test_every_error_in_a_text_is_raised_as_mistakes(monkeypatch, tmp_path, data):
    with pytest.raises(Mistakes):
        cnncalc.summarize(file_of(tmp_path, data))
    monkeypatch.setattr(sys, "stdin", Piped(data))
    with pytest.raises(Mistakes):
        cnncalc.summarize("-")


def test_a_text_that_is_too_long_is_refused_in_any_alphabet(tmp_path):
    message = error(file_of(tmp_path, "\u4e2d".encode() * 14_000_000))
    assert message.endswith("net.yaml: the file is longer than 5,000,000 bytes")


# What a spec extends.


def extending(folder, base):
    file = folder / "net.yaml"
    file.write_text(f"extends: {base}\nparameters: {{a: 1}}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "content",
    [
        "sesame:x:0:0:root:/root:/bin/sh\n",
        "password: sesame\nuser: ada\n",
        "- sesame\n- conv\n",
        "sesame: [1,\n",
        "a: &sesame 1\nb: *sesam\n",
        "a: !sesame 1\n",
        "sesame: 1\nsesame: 2\n",
        "sesame",
        "input: 3\nsesame: [relu]\n",
        "\tsesame: 1\n",
        "{[sesame]: 1}\n",
    ],
)
def test_a_file_that_is_not_a_spec_is_never_quoted(tmp_path, content):
    (tmp_path / "base.yaml").write_text(content, encoding="utf-8")
    message = error(extending(tmp_path, "base.yaml"))
    assert "'base.yaml' " in message
    assert "sesam" not in message


@pytest.mark.parametrize("base", ["../base.yaml", "{absolute}", "inner/../../base.yaml", "link"])
def test_a_spec_cannot_extend_files_outside_its_folder(tmp_path, base):
    folder = tmp_path / "nets"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "base.yaml").write_bytes(GOOD)
    (folder / "link").symlink_to(tmp_path / "base.yaml")
    file = extending(folder, base.format(absolute=tmp_path / "base.yaml"))
    assert "outside the spec's folder; allow it with --extends-anywhere" in error(file)
    assert cnncalc.summarize(file, extends_anywhere=True).totals.params == 8


def test_bases_of_a_base_may_be_anywhere_in_the_first_spec_s_folder(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "root.yaml").write_bytes(GOOD)
    (tmp_path / "inner/base.yaml").write_text("extends: ../root.yaml\n", encoding="utf-8")
    assert cnncalc.summarize(extending(tmp_path, "inner/base.yaml")).totals.params == 8
    assert "outside" in error(tmp_path / "inner/base.yaml")


@pytest.mark.parametrize("base", ["/dev/tty", "/dev/zero", "/proc/version", "/proc/self/fd/0"])
def test_a_base_must_be_an_ordinary_file(tmp_path, base):
    if not os.path.lexists(base):
        pytest.skip("needs Linux")
    with pytest.raises(CnncalcError, match=r"not an ordinary file|no file"):
        cnncalc.summarize(extending(tmp_path, base), extends_anywhere=True)


@pytest.mark.parametrize("name", ["a\x1b[31mb.yaml", "a\nb.yaml", "a\u202eb.yaml"])
def test_a_file_name_cannot_control_the_terminal(tmp_path, name):
    file = tmp_path / name
    file.write_text("input: 3\nlayers: [rellu]\n", encoding="utf-8")
    assert error(file).isprintable()
    file.write_text("input: 3\nlayers: [relu]\n", encoding="utf-8")
    assert cnncalc.summarize(file).name.isprintable()


# Plain data: specs passed by a program.


def data(**changes):
    return {"input": "3x8x8", "layers": ["relu"], **changes}


LOOP = {}
LOOP["again"] = LOOP


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {1: 2},
        data(input=None),
        data(input=[10**5000]),
        data(input=[3, 8, 10**5000]),
        data(layers=[{"linear": 10**5000}]),
        data(layers=[{"linear": [10**5000]}]),
        data(layers=[{"linear": float("nan")}]),
        data(layers=[{"linear": float("inf")}]),
        data(layers=[{"linear": {1, 2}}]),
        data(layers=[{"linear": object()}]),
        data(layers=[{"conv": {1: 2, None: 3}}]),
        data(layers=[{"relu": None, "repeat": 10**5000}]),
        data(layers=[{"relu": None, "when": object()}]),
        data(layers=[LOOP]),
        data(parameters={"a": float("nan")}, layers=[{"linear": "$a"}]),
        data(parameters={"a": [1, 2]}, layers=[{"linear": "$a"}]),
        data(parameters={"a": {"b": 2}}, layers=[{"linear": "${a + 1}"}]),
    ],
    ids=range(18),
)
def test_plain_data_gets_the_same_errors_as_text(spec):
    message = error(spec)
    assert message
    assert len(message) < 1000


def test_an_error_in_plain_data_names_the_layer():
    assert error(data(layers=[{"max_pool": 9, "name": "big"}])).startswith("layer 'big' (max_pool")


@pytest.mark.parametrize(
    "settings", [{"a": None}, {"a": [3]}, {"a": "wide"}, {"a": 1.5}, {"a": -1}]
)
def test_a_setting_is_checked_where_it_is_used(settings):
    spec = data(parameters={"a": 1}, layers=[{"linear": "$a"}])
    assert "linear" in error(spec, settings=settings)


@pytest.mark.parametrize("settings", [{"b": 1}, {1: 1}, {None: 1}])
def test_a_setting_that_the_spec_does_not_have_is_refused(settings):
    assert "has no parameter" in error(data(), settings=settings)


@pytest.mark.parametrize(
    "shape", ["", "x", "3x", "3x0x8", "3 8 8", "3x8x8x8x8", "-3", "1.5", "9" * 101, "\u0663x8x8"]
)
def test_another_input_shape_is_checked(shape):
    assert len(error(data(), input=shape)) < 300


@pytest.mark.parametrize("shape", [(3, 8, 8), [3, 8, 8], {"input": [3, 8, 8]}])
def test_an_input_can_be_a_tuple_a_list_or_a_mapping(shape):
    assert cnncalc.summarize(data(), input=shape).input_shape == (3, 8, 8)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ({1: "3"}, "the network has no input 1; its only input is called 'input'"),
        ({"input": 3.5}, "a shape must be whole numbers, such as 3x224x224, not 3.5"),
    ],
)
def test_an_input_of_the_wrong_name_or_type_is_refused(shape, sentence):
    with pytest.raises(CnncalcError) as refused:
        cnncalc.summarize(data(), input=shape)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("batch", [0, -1, 1.5, "2", True, None, 10**100, 10**5000], ids=range(8))
def test_a_batch_must_be_a_whole_number(batch):
    message = error(data(), batch=batch)
    assert message.startswith("the batch size must be a whole number of at least 1, not ")
    assert len(message) < 200


@pytest.mark.parametrize(
    ("dtype", "sentence"),
    [
        ("flaot32", "no dtype 'flaot32'; did you mean 'float32'?"),
        ("zzz", "no dtype 'zzz'; choose from float64, float32, bfloat16, float16, float8, int8"),
    ],
)
def test_an_unknown_dtype_is_refused(dtype, sentence):
    assert error(data(), dtype=dtype) == sentence


def test_an_unknown_layout_is_refused():
    with pytest.raises(UsageError, match="'hcw'"):
        cnncalc.summarize(data(), input="8x8x3", layout="hcw")


# The notation.


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1x28x28-10D5", "notation:1:9: '10D5' is not a layer in this notation"),
        ("1x28x28-10C5-", "notation:1:14: '' is not a layer in this notation"),
        ("1x28x28--10N", "notation:1:9: '' is not a layer in this notation"),
        ("1x28x28-10C5-MQ2-10N", "notation:1:14: 'MQ2' is not a layer in this notation"),
        ("9HL-48x48-100C3-MP2-X", "notation:1:21: 'X' is not a layer in this notation"),
        ("1x28x28-10C5z2", "notation:1:9: '10C5z2' is not a layer in this notation"),
        ("1x28x28-MP2g2", "notation:1:9: 'MP2g2' is not a layer in this notation"),
        ("1x28x28-10C3x3x3x3", "notation:1:9: '10C3x3x3x3' is not a layer in this notation"),
        ("1x28x28-10C5\u017f2", "notation:1:9: '10C5\u017f2' is not a layer in this notation"),
        ("1x28x28-\u0663C5", "notation:1:9: '\u0663C5' is not a layer in this notation"),
        ("0x28x28-10N", "notation:1:1: a size must be at least 1, not 0"),
        ("9HL-0x48-10N", "notation:1:5: a size must be at least 1, not 0"),
        ("1x28x28-0N", "notation:1:9: linear 'out_features' must be a whole number of at least 1"),
        ("1x28x28-0C5", "notation:1:9: conv 'out_channels' must be a whole number of at least 1"),
        ("1x28x28-10C0", "notation:1:9: conv 'kernel_size' must be a whole number of at least 1"),
        ("1x28x28-10C5s0", "notation:1:9: conv 'stride' must be a whole number of at least 1"),
        (
            "1x28x28-10C29",
            "notation:1:9: layer 'conv1' (conv, input 1\u00d728\u00d728): a window of 29",
        ),
        (
            "1x28x28-10C5-MP25",
            "notation:1:14: layer 'max_pool1' (max_pool, input 10\u00d724\u00d724)",
        ),
        ("784-10C5", "notation:1:5: layer 'conv1' (conv, input 784): expected a feature map"),
        ("1x28x28-10C5s2s3", "notation:1:9: '10C5s2s3' is not a layer in this notation"),
        (
            "1x28-" + "9" * 101 + "N",
            "notation:1: a number in the notation has more than 100 digits",
        ),
    ],
)
def test_an_error_in_the_notation_gives_the_column(text, sentence):
    assert error(text).startswith(sentence)


def test_an_unknown_part_of_the_notation_lists_the_known_ones():
    assert error("1x28x28-X").endswith(
        "write layers as 96C11s4 (convolution), MP2 or AP2 (pooling), 500N (fully connected) or "
        "GAP (global average pooling)"
    )


# Numbers that do not fit into a machine word.


def test_absurd_sizes_stay_exact():
    side = 10**30
    report = cnncalc.summarize(
        {
            "input": [3, side, side],
            "layers": [
                {"conv": {"out_channels": side, "kernel_size": 3, "padding": 1}},
                {"linear": 7},
            ],
        }
    )
    conv, linear = report["conv1"], report["linear1"]
    assert conv.output.dimensions == (side, side, side)
    assert conv.cost.params == 27 * side + side
    assert conv.cost.macs == 27 * 10**90
    assert linear.cost.params == 7 * 10**90 + 7
    assert report.totals.flops == 2 * (27 * 10**90 + 7 * 10**90)


def test_rounding_to_a_multiple_is_exact_for_large_values():
    # 10^20 + 1 is 1 above a multiple of 8 and 10^20 + 5 is 3 below one; floats see neither.
    spec = {"input": 1, "parameters": {"k": 0}, "layers": [{"linear": "${round_to(k, 8)}"}]}
    for k, nearest in [(10**20 + 1, 10**20), (10**20 + 5, 10**20 + 8), (10**20 + 4, 10**20 + 8)]:
        report = cnncalc.summarize(spec, settings={"k": k})
        assert report.output_shape.dimensions == (nearest,)


# Bombs: small texts that expand enormously. Each runs in its own process, to measure its memory.

MEASURED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
import cnncalc
from cnncalc import cli
from cnncalc.core.errors import CnncalcError
try:
    cnncalc.summarize(sys.argv[1])
    print("ok")
except CnncalcError as error:
    print(error)
try:
    # What getrusage says on Linux may be the parent's, from before this program was started.
    status = open("/proc/self/status").read()
    print(status.split("VmHWM:")[1].split()[0])
except OSError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
MAX_KIB = 200 * 1024
HANGS = 60
"""Seconds after which a bomb counts as a failure: many, so that slow machines pass."""

START = "input: 3x8x8\nlayers:\n"


def chain(links, inside, end):
    """Blocks that each use the next one ``inside`` times."""
    lines = [f"  b{i}: {{layers: [{inside.format(f'b{i + 1}')}]}}\n" for i in range(links)]
    return f"input: 3\nblocks:\n{''.join(lines)}  b{links}: {{layers: [{end}]}}\nlayers: [b0]\n"


def laughs():
    """Billion laughs: every anchor holds nine of the one before."""
    lines = ["a0: &a0 [l, l, l, l, l, l, l, l, l]\n"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 15)]
    return "".join(lines)


BOMBS = {
    "repeat": (START + "  - {relu: , repeat: 1000000000}\n", "more than 5,000 layers"),
    "repeat of 100 digits": (START + f"  - {{relu: , repeat: {'9' * 100}}}\n", "more than 5,000"),
    "repeat of nothing": (
        "input: 3\nblocks: {b: {layers: []}}\nlayers: [relu, {b: , repeat: 1000000000}]\n",
        "more than",
    ),
    "repeat of what is left out": (
        "input: 3\nblocks: {b: {layers: [{relu: , when: false}]}}\n"
        "layers: [relu, {b: , repeat: 1000000000}]\n",
        "more than 25,000 steps",
    ),
    "nested repeats": (
        "input: 3\nblocks:\n  a: {layers: [{relu: , repeat: 1000}]}\n"
        "  b: {layers: [{a: , repeat: 1000}]}\nlayers: [{b: , repeat: 1000}]\n",
        "more than 5,000 layers",
    ),
    "blocks that double": (chain(35, "{0}, {0}", "relu"), "more than"),
    "blocks that double nothing": (chain(35, "{0}, {0}", ""), "more than"),
    "blocks in blocks": (chain(200, "{0}", "relu"), "deeper than 40"),
    "blocks and residuals in each other": (
        chain(38, "residual: [" * 12 + "{0}" + "]" * 12, "relu"),
        "deeper than 40",
    ),
    "laughs": (laughs(), "more than 50,000 values"),
    "deep lists": ("[" * 100_000, "deeper than 60 levels"),
    "deep mappings": ("{a: " * 100_000, "deeper than 60 levels"),
    "deep indents": ("\n".join(" " * i + "a:" for i in range(2000)), "deeper than 60 levels"),
    "deep dashes": ("- " * 100_000, "deeper than 60 levels"),
    "long text": ("a" * 5_000_001, "longer than 5,000,000 bytes"),
    "long word": ("a" * 4_999_999, "a spec must be a mapping"),
    "long word of four bytes": ("\U0001f600" * 1_249_999, "net.yaml"),
    "long number": (START + f"  - linear: {'9' * 100_000}\n", "100000 digits"),
    "long decimal": (START + f"  - leaky_relu: 0.{'9' * 4_900_000}\n", "write at most 100"),
    "long expression": (START + f"  - linear: ${{{'1+' * 1_000_000}1}}\n", "longer than 300"),
    "long kind": (START + f"  - {'conv' * 1_000_000}\n", "no layer kind"),
    "long name repeated": (
        START + f"  - {{relu: , name: {'a' * 1_000_000}, repeat: 90000}}\n",
        "name",
    ),
    "many values": (f"input: 3\nlayers: [{'relu,' * 149_000}]\n", "more than 50,000 values"),
    "many wrong values": (f"input: 3\nlayers: [{'3,' * 40_000}]\n", "more errors"),
    "many wrong keys": (
        "input: 3\nlayers: [relu]\n" + "".join(f"inptu{i}: 1\n" for i in range(20_000)),
        "more errors",
    ),
    "many wrong layers": (START + "  - {relu: , repaet: 1}\n" * 9_000, "more errors"),
    "many names and a misspelling": (
        START
        + "".join(f"  - {{relu: , name: layer{i}}}\n" for i in range(4_000))
        + "  - {relu: , from: layerr}\n" * 90,
        "more errors",
    ),
    "long values, often": (
        "input: 1x4x4\nparameters: {t: [" + "[0]," * 9_000 + "]}\nlayers:\n"
        '  - conv: {filters: "${index + 1}", kernel: 1, connections: $t}\n    repeat: 4000\n',
        "more than 25,000 steps",
    ),
    "lists that double": (
        "input: 3\nparameters:\n  a0: [1, 1]\n"
        + "".join(f"  a{i + 1}: [$a{i}, $a{i}]\n" for i in range(40))
        + "layers: [{linear: $a40}]\n",
        "more than 50,000 values once its names are filled in",
    ),
    "texts in a list": (
        f"input: 3\nparameters:\n  s: {'a' * 400_000}\n  a: [{'$s,' * 30_000}]\n"
        "layers: [{linear: $a}]\n",
        "more than 50,000 values once its names are filled in",
    ),
    "arguments that double": (
        "input: 3\nblocks:\n"
        + "".join(f"  b{i}: {{takes: a, layers: [b{i + 1}: {{a: [$a, $a]}}]}}\n" for i in range(38))
        + "  b38: {takes: a, layers: [linear: $a]}\nlayers: [b0: {a: [1, 1]}]\n",
        "more than 25,000 steps",
    ),
    "long arguments, often": (
        f"input: 3\nblocks: {{b: {{takes: x, layers: [relu]}}}}\n"
        f"layers: [{{b: {{x: [{'1,' * 20_000}]}}, repeat: 4000}}]\n",
        "more than 25,000 steps",
    ),
    "many defaults, often": (
        f"input: 3\nblocks: {{b: {{takes: [{','.join(f'a{i}: 1' for i in range(9_000))}], "
        "layers: [relu]}}\nlayers: [{b: , repeat: 4000}]\n",
        "more than 25,000 steps",
    ),
    "long lists compared": (
        f"input: 3\nparameters: {{a: [{'1000,' * 20_000}], b: [{'1000,' * 20_000}]}}\n"
        "blocks: {c: {layers: [{relu: , when: '${a == b}'}]}}\nlayers: [{c: , repeat: 4000}]\n",
        "too long to compare",
    ),
    "many names taken": (
        f"input: 3\nblocks: {{b: {{takes: [{','.join(f'a{i % 10_000}' for i in range(20_000))}], "
        "layers: [relu]}}\nlayers: [b]\n",
        "twice",
    ),
    "empty ways from many": (
        f"input: 3\nlayers:\n  - branches: [{'[],' * 15_000}]\n    join: add\n"
        f"    from: [{'input,' * 15_000}]\n",
        "more than 25,000 steps",
    ),
    "a wide join, often": (
        f"input: 3\nblocks: {{b: {{layers: [add: {{from: [{'input,' * 10_000}]}}]}}}}\n"
        "layers: [{b: , repeat: 4000}]\n",
        "more than 25,000 steps",
    ),
    "many ways read many": (
        f"input: 3\nblocks: {{b: {{layers: [{{branches: [{'[add],' * 9_000}], join: add}}]}}}}\n"
        f"layers: [{{b: , from: [{'input,' * 20_000}]}}]\n",
        "more than 25,000 steps",
    ),
    "many wrong fields": (
        "input: 3x8x8\nlayers:\n  - conv:\n"
        + "".join(f"      kernel_sizf{i}: 3\n" for i in range(20_000)),
        "more than 25,000 steps",
    ),
    "many misspelt sources": (
        START
        + "".join(f"  - {{relu: , name: {'layer' * 10}{i}}}\n" for i in range(4_000))
        + f"  - {{relu: , from: {'layer' * 10}x}}\n" * 90,
        "more errors",
    ),
    "long names in blocks": (
        "input: 3\nblocks:\n"
        + "".join(f"  b{i}: {{layers: [{{b{i + 1}: , name: {'n' * 90}}}]}}\n" for i in range(30))
        + "  b30: {layers: [{relu: , repeat: 4500}]}\nlayers: [b0]\n",
        "more than 25,000 steps",
    ),
    "long conditions, often": (
        "input: 3\nblocks: {b: {takes: i, layers: [{relu: , when: '${i"
        + "+i" * 120
        + " >= 0}'}]}}\nlayers: [{b: $index, repeat: 4500}]\n",
        "more than 25,000 steps",
    ),
    "many expressions": (
        "input: 3\nlayers:\n  - linear:\n"
        + "".join(f"    - ${{{i}+1+1+1}}\n" for i in range(20_000)),
        "more than 25,000 steps",
    ),
    "many tables of connections": (
        f"input: 8x4x4\nlayers:\n  - conv: {{filters: 50, kernel: 1, padding: $index, connections: "
        f"[{'[0, 3],' * 50}]}}\n    from: input\n    repeat: 4500\n",
        "more than 25,000 steps",
    ),
    "a note of blank lines": (
        f"input: 3\nnote: |\n  a{chr(10) * 3_000_000}  b\nlayers: [relu]\n",
        "more than 20,000 characters",
    ),
    "a name of lines": (
        f'input: 3\nname: "a{chr(10) * 3_000}b"\nlayers: [relu]\n',
        "one line of at most 200 characters",
    ),
    "variants": (
        "input: 3\nvariants:\n"
        + "".join(f"  v{i}: {'a' * 900}\n" for i in range(4_000))
        + "layers: [relu]\n",
        "more than 20,000 characters",
    ),
    "sizes that grow": (START + f"  - {{upsample: 1{'0' * 98}, repeat: 90000}}\n", "net.yaml"),
}


def measured(folder, text):
    """The result of a spec in a separate process, and its peak memory in KiB."""
    file = folder / "net.yaml"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", MEASURED, str(file)]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=HANGS, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    message, _, memory = done.stdout.rstrip().rpartition("\n")
    return message, int(memory) // (1024 if sys.platform == "darwin" else 1)


def test_the_limits_are_documented():
    _, _, text = (ROOT / "docs/spec.md").read_text(encoding="utf-8").partition("## Limits and")
    rows = [row for row in text.partition("## All keys")[0].splitlines() if row.startswith("| ")]
    numbers = (number for row in rows for number in re.findall(r"(?<= )[0-9][0-9,]*", row))
    documented = {int(number.replace(",", "")) for number in numbers}
    limits = {
        inputs.MAX_INPUTS,
        _table.MAX_CHARACTERS,
        files.MAX_BYTES,
        spec_text.MAX_VALUES,
        spec_text.MAX_DEPTH,
        expansion.MAX_LAYERS,
    }
    limits |= {expansion.MAX_NESTED, work.MAX_STEPS, checks.MAX_PROSE, checks.LONGEST_TITLE}
    limits |= {source.MAX_BASES, expression.MAX_CHARACTERS, shape.MAX_DIGITS}
    limits |= {record.MAX_READ, budget.MAX_READ, sheet.MAX_ANSWERS, marking.MAX_DIAGNOSED}
    limits |= {sheet.MAX_LAYERS, 2 * marking.LAYERS_EACH, submissions.MAX_FILES}
    limits |= {matrix.MAX_NUMBERS, window.MAX_CELLS, xlsx.MAX_PARTS, _wiring.MAX_CHARACTERS}
    limits |= {keras.MAX_STEPS, keras.STEPS, keras.LONGEST_NAME, onnx.MAX_NUMBERS}
    limits |= {published.MAX_WORK, published.ANALYSIS, _protobuf.MAX_FIELDS, _onnx_file.MAX_NODES}
    limits |= {grid.MOST, sweep.MOST_SHOWN, largest.MOST, onnx.MAX_RANK}
    assert limits == documented


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="needs Unix's limits")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_stopped_by_a_limit_that_the_error_states(tmp_path, bomb):
    text, limit = BOMBS[bomb]
    message, memory = measured(tmp_path, text)
    assert limit in message
    assert len(message) < 8000
    assert memory < MAX_KIB


@pytest.mark.parametrize(
    "text",
    [
        # Each has very many valid layers: these may take memory, but must finish.
        "input: 3x2x2\nlayers:\n" + "  - {linear: 1, from: input}\n" * 2_500,
        "input: 3\nblocks:\n  c: {layers: [{concat: , from: ["
        + "input," * 1000
        + "]}]}\nlayers:\n  - {c: , repeat: 20}\n",
        START + "  - {relu: , repeat: 4999}\n",
        START + "  - {concat: , from: [" + "input," * 12_000 + "]}\n",
        "input: 2x7x7\nblocks: {b: {layers: [{upsample: {size: 10}}, "
        "{conv: {filters: 2, kernel: 4}}]}}\nlayers: [{b: , repeat: 2500}]\n",
    ],
    ids=["flattens", "concat of many", "relus", "wide concat", "jumps that grow"],
)
def test_a_large_network_takes_time_but_finishes(tmp_path, text):
    message, _ = measured(tmp_path, text)
    assert message


# Many values, but no bomb: each must be right, and finish.


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        (
            f"input: 3\nparameters: {{{','.join(f'a{i}: 3' for i in range(20_000))}}}\n"
            "blocks: {b: {layers: [{linear: $a9}]}}\nlayers: [{b: , repeat: 4900}]\n",
            4_900,
        ),
        (START + "  - {branches: {a: [relu], b: []}, join: add}\n" * 2_000, 4_000),
        (START + f"  - branches: [{'[relu],' * 4_900}]\n    join: concat\n", 4_901),
    ],
    ids=["parameters seen from many blocks", "branches of one name", "branches"],
)
def test_time_grows_linearly_with_the_number_of_layers(tmp_path, text, layers):
    file = file_of(tmp_path, text.encode())
    assert len([row for row in cnncalc.summarize(file) if row.sources]) == layers


def test_a_long_notation_is_refused():
    with pytest.raises(Mistakes):
        cnncalc.summarize("1x28x28" + "-10N" * 150_000)


def test_a_missing_file_suggests_a_similar_one_in_its_folder(tmp_path):
    (tmp_path / "net.yaml").write_text("input: 3x9x9\nlayers: [relu]")
    for target in ("net", "net.yml"):
        assert error(f"{tmp_path}/{target}").endswith(f"; did you mean '{tmp_path}/net.yaml'?")
    assert error(f"{tmp_path}/nat.yml").endswith("; did you mean 'net.yaml'?")
    assert error(f"{tmp_path}/other.yml") == f"no file '{tmp_path}/other.yml'"
    assert error(f"{tmp_path}/nowhere/net.yml") == f"no file '{tmp_path}/nowhere/net.yml'"
    assert error("net.yml") == "no file 'net.yml'"  # and not unet


@pytest.mark.parametrize("mark", ["\u202a", "\u202e", "\u2066", "\u2069"])
def test_a_name_that_turns_the_direction_of_text_is_refused(mark):
    spec = {"name": f"a{mark}b", "input": "3x8x8", "layers": ["relu"]}
    with pytest.raises(CnncalcError, match="must not contain control characters"):
        cnncalc.summarize(spec)


def test_a_file_that_may_not_be_written_says_why():
    error = unwritable("net.svg", PermissionError(13, "Permission denied"))
    assert str(error) == "cannot write 'net.svg': Permission denied"
