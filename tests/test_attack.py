"""A slice of the attack with hostile input, and planted faults that it has to notice."""

import gc
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

if sys.platform != "linux":
    pytest.skip("needs Linux's /proc", allow_module_level=True)

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
    gc.collect()  # what other tests left behind, if freed later, would hide new memory
    found = attack.inside(case, work, watch, attack.memory("VmRSS"))
    return {kind for kind, _ in attack.failures(case, found, work)}


def spin():
    while True:
        time.process_time()


def swell():
    return b"x" * (90 * attack.MB)


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
    kind, fault = PLANTED[name]
    if kind == "slow":  # the others may take as long as a busy machine needs
        monkeypatch.setattr(attack, "SECONDS", 0.2)
    monkeypatch.setattr(attack, "MEMORY", 30 * attack.MB)
    monkeypatch.setattr(cli, "main", fault)
    assert wrong(watch, tmp_path) == {kind}


def test_a_sound_run_has_no_faults(watch, tmp_path):
    assert wrong(watch, tmp_path, ["layer", "linear", "7", "--out-features", "3"]) == set()


def test_only_the_report_s_own_script_is_allowed():
    case = hostile.Case("planted", ["report", "vgg11"])
    page = f"<html>{attack.OWN_SCRIPT}</html>"
    for text, wrong in ((page, []), (page * 2 + "<script>", ["raw tag"])):
        kinds = [kind for kind, _ in attack.wrong_in("a written .html", text, case)]
        assert kinds == wrong


def test_a_negative_number_is_not_a_formula():
    assert not attack.FORMULA.match("-1,234.5")
    assert not attack.FORMULA.match("+1")
    assert attack.FORMULA.match("-1+1")


def test_a_short_attack_finds_no_fault():
    families = ["spec", "sheet", "class", "layer", "number", "model", "line", "quiz", "list"]
    slice = attack.Attack(seed=1, families=families)
    slice.run(range(60), jobs=1)
    assert not slice.failed, slice.table()
    assert {0, 1, 2} == {code for codes in slice.codes.values() for code in codes}


def test_the_same_number_draws_the_same_case():
    for number in range(5):
        assert hostile.draw(3, number) == hostile.draw(3, number)


def test_every_command_is_attacked():
    families = ["line"] * 60 + ["model"] * 20 + ["list"] * 40 + ["number"] * 20 + ["torch"] * 9
    families += ["layer", "sheet"] + ["quiz"] * 12
    drawn = {hostile.draw(1, number, [family]).argv[0] for number, family in enumerate(families)}
    assert {*cli.names()} - drawn == {"calibrate"}  # it takes minutes, and nothing but options


def run(tmp_path, monkeypatch, capsys, argv, **files):
    """The exit code, the output and the errors of a command in a folder with these files."""
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        Path(name.replace("__", "/").replace("_", ".")).write_text(text)
    monkeypatch.setattr(sys, "argv", ["cnncalc", *argv])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code, *capsys.readouterr()


def test_a_formula_in_an_answer_is_quoted_in_csv(tmp_path, monkeypatch, capsys):
    sheet = "questions:\n- {name: =1+1, given: {N: 7, F: 3, S: 3}, ask: stride_legal, answer: =2}"
    _, out, _ = run(tmp_path, monkeypatch, capsys, ["grade", "hw.yaml", "-f", "csv"], hw_yaml=sheet)
    assert "'=1+1,'=2," in out


@pytest.mark.parametrize("name", ["\udcff.csv", "a\udc80b.json", "\x1b[31m.md"])
def test_a_file_of_any_name_is_written_and_named_in_plain_letters(
    tmp_path, monkeypatch, capsys, name
):
    code, _, error = run(tmp_path, monkeypatch, capsys, ["summarize", "lenet5", "-o", name])
    assert not code
    assert (tmp_path / name).stat().st_size
    assert error.startswith("wrote ")
    assert error.removesuffix("\n").isprintable()


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "latin-1"])
def test_input_in_another_encoding_is_answered(encoding):
    done = subprocess.run(
        [sys.executable, "-m", "cnncalc", "practice", "--count", "2", "--seed", "1"],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        input="\u00bd \u65e5\n".encode() + b"\xff\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1)
    assert not done.stderr


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("summarize", "extends: planted:net\nname: x"),
        ("summarize", "input: 3x8x8\nlayers: [{backbone: planted:net}]"),
        ("grade", "architecture: planted:net\nanswers: {conv1: {params: 3}}"),
        ("grade", "questions: [{given: {architecture: 'planted:net'}, ask: params, answer: 7}]"),
    ],
)
def test_no_file_imports_a_module(tmp_path, monkeypatch, capsys, command, text):
    monkeypatch.syspath_prepend(tmp_path)
    planted = "from pathlib import Path\nPath('ran').touch()\nnet = 1\n"
    argv = [command, "net.yaml"]
    run(tmp_path, monkeypatch, capsys, argv, net_yaml=text, planted_py=planted)
    assert not (tmp_path / "ran").exists()
    assert "planted" not in sys.modules


def test_a_file_is_not_begun_before_its_text_is_ready(tmp_path, monkeypatch, capsys):
    def fail(view):
        raise MemoryError

    monkeypatch.setattr("cnncalc.render.formats.json.render", fail)
    (tmp_path / "old.json").write_text("old")
    for name in ("new.json", "old.json"):
        with pytest.raises(MemoryError):
            run(tmp_path, monkeypatch, capsys, ["summarize", "lenet5", "-o", name])
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]
    assert (tmp_path / "old.json").read_text() == "old"


def test_an_unknown_gradebook_is_refused_before_grading(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("cnncalc.homework.grading.grade", None)
    sheet = "architecture: lenet5\nanswers: {c1: {params: 156}}"
    argv = ["grade", "key.yaml", "ada.yaml", "--feedback", "pages", "--export", "moodl"]
    code, _, error = run(tmp_path, monkeypatch, capsys, argv, key_yaml=sheet, ada_yaml=sheet)
    assert code == 2
    assert "no gradebook 'moodl'" in error
    assert not (tmp_path / "pages").exists()


@pytest.mark.parametrize("name", ["\x1b[31mred", "\u202eabc", "a\x7fb", "a\x07"])
def test_a_name_with_control_characters_is_escaped_in_a_quiz(tmp_path, monkeypatch, capsys, name):
    argv = ["quiz", "--count", "1", "--seed", "1", "--per-student", "class.txt", "-o", "out"]
    code, _, _ = run(tmp_path, monkeypatch, capsys, argv, class_txt=name)
    assert not code
    for file in (path for path in (tmp_path / "out").rglob("*") if path.is_file()):
        assert not attack.CONTROL.search(file.read_text().replace("\n", ""))


@pytest.mark.parametrize("secret", ["hunter2: 1\nlayers: 3", "- hunter2", "root:hunter2:0:0", "[x"])
@pytest.mark.parametrize(
    "named",
    ["architecture: other", "questions: [{given: {architecture: other}, ask: params, answer: 3}]"],
)
def test_a_sheet_never_quotes_a_file_that_is_not_a_spec(
    tmp_path, monkeypatch, capsys, named, secret
):
    answers = "answers: {conv1: {params: 3}}"
    sheet = "\n".join(["student: Ada", named] + [answers] * named.startswith("arch"))
    code, out, error = run(
        tmp_path, monkeypatch, capsys, ["grade", "hw.yaml"], hw_yaml=sheet, other=secret
    )
    assert code
    assert "hunter2" not in out + error
    assert "other" in out + error


@pytest.mark.parametrize(
    "argv", [["quiz", "--seed", "9" * 5_000], ["layer", "conv", "x" * 4_000], ["show", "y" * 3_000]]
)
def test_an_error_about_a_very_long_word_is_short(tmp_path, monkeypatch, capsys, argv):
    code, _, error = run(tmp_path, monkeypatch, capsys, argv)
    assert code == 2
    assert error.endswith("\n")
    assert max(map(len, error.splitlines())) <= attack.LONGEST_LINE


def listed(entries):
    """A YAML list on one line."""
    return f"[{', '.join(entries)}]"


def joining(kind, number, inputs=1_000):
    """A network whose only layer reads so many maps, from so many inputs."""
    names = [f"i{k}" for k in range(inputs)]
    read = (names * (number // inputs + 1))[:number]
    shapes = ", ".join(f"{name}: 3x8x8" for name in names)
    return f"input: {{{shapes}}}\nlayers: [{{{kind}: {{from: {listed(read)}}}}}]\n"


def repeated(layer, times, input="16x12x12"):
    """A network of a layer, repeated."""
    return f"input: {input}\nlayers: [{{{layer}, repeat: {times}}}]\n"


def residuals(name, depth, times):
    """Residual blocks inside one another, with a repeated layer in the innermost."""
    text = f"{{relu: , name: {name}, repeat: {times}}}"
    for _ in range(depth):
        text = f"{{residual: [{text}], name: {name}}}"
    return f"input: 3\nlayers: [{text}]\n"


SEPARABLE = "separable_conv: {filters: 16, kernel: 3, padding: 1}"
TABLE = f"conv: {{filters: 60, kernel: 3, padding: 1, connections: {listed(['[0, 1, 2]'] * 60)}}}"
GROWING = (
    "input: 3x8x8\nblocks: {b: {layers: [{upsample: {size: 9}}, {conv: {filters: 3, kernel: 3, "
    "stride: 2}}]}}\nlayers: [{b: , repeat: 2490}]\n"
)
WHEN = (
    "input: 3\nblocks: {{b: {{takes: i, layers: [{{relu: , when: '${{i{} >= 0}}'}}]}}}}\n"
    "layers: [{{b: $index, repeat: {}}}]\n"
)
DIFFERENT = "".join(f"- conv: {{filters: {n}, kernel: 3, padding: 1}}\n" for n in range(1, 2_500))
WRONG = "".join(f"  relu1.{n}: {{macs: {n + 1}}}\n" for n in range(8))
UNKNOWN = "".join(f"  relu{n}x: {{macs: {n}}}\n" for n in range(500))

LARGEST = {
    "a sum of many": (["memory", "net.yaml"], joining("multiply", 12_000)),
    "a product of many": (["reconcile", "net.yaml", "5K"], joining("multiply", 12_000)),
    "a concat of many": (
        ["summarize", "net.yaml", "--columns", "input"],
        joining("concat", 12_000),
    ),
    "too many maps": (["memory", "net.yaml"], joining("concat", 20_000)),
    "too many inputs": (["memory", "net.yaml"], joining("concat", 9_000, 9_000)),
    "many layers": (["summarize", "net.yaml", "-f", "json"], repeated("relu: ", 5_000)),
    "many operations": (["memory", "net.yaml"], repeated(SEPARABLE, 5_000)),
    "the largest batch": (["memory", "net.yaml", "--fit", "24GiB"], repeated(SEPARABLE, 500)),
    "too many for a batch": (["memory", "net.yaml", "--fit", "24GiB"], repeated(SEPARABLE, 501)),
    "different layers": (["reconcile", "net.yaml", "5K"], f"input: 3x9x9\nlayers:\n{DIFFERENT}"),
    "tables of connections": (["memory", "net.yaml"], repeated(TABLE, 200, "60x8x8")),
    "long names": (["summarize", "net.yaml"], residuals("n" * 90, 19, 4_000)),
    "long conditions": (["summarize", "net.yaml"], WHEN.format("+i" * 130, 4_000)),
    "jumps that grow": (["explain", "net.yaml", "b1.9.conv1"], GROWING),
    "sizes of a hundred digits": (
        ["memory", "net.yaml", "--plot"],
        repeated(f"conv: {{filters: 1{'0' * 30}, kernel: 1}}", 9),
    ),
    "blank lines": (["summarize", "net.yaml"], f"input: 3\nnote: |\n  a{chr(10) * 4_999_000}"),
    "wrong answers": (
        ["grade", "net.yaml"],
        "architecture: {input: 3x9x9, layers: [{relu: , repeat: 4900}]}\nanswers:\n" + WRONG,
    ),
    "unknown layers": (
        ["grade", "net.yaml"],
        "architecture: {input: 3x9x9, layers: [{relu: , repeat: 4900}]}\nanswers:\n" + UNKNOWN,
    ),
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_inputs_stay_within_the_bounds(watch, tmp_path, name):
    argv, text = LARGEST[name]
    case = hostile.Case("large", argv, {"net.yaml": text.encode()})
    work = attack.lay_out(case, tmp_path)
    found = attack.inside(case, work, watch, attack.memory("VmRSS"), overtime=20)
    # How long it takes depends on the machine, and is for the attack itself to check.
    assert not [what for what in attack.failures(case, found, work) if what[0] != "slow"]
