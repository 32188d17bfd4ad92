"""Every example, command and figure of the documentation runs, and every page can be found."""

import ast
import doctest
import inspect
import json
import re
import shlex
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import generate
import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli, layers, render
from cnncalc.core.cost import COUNTED
from cnncalc.core.errors import CnncalcError
from cnncalc.spec import catalog, claims, expression

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TEACHING = DOCS / "teaching.md"
IN_ORDER = sorted([*DOCS.glob("tutorials/*.md"), *DOCS.glob("how-to/*.md")])
"""The pages, besides the teaching page, whose examples build on one another."""
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("benchmarks/*.md"), *DOCS.rglob("*.md")])

# A fenced block, with an optional comment on the line before it.
FENCE = re.compile(r"(?:^<!-- ([^\n]+) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(path):
    return (ROOT / path).read_text(encoding="utf-8")


class Run(NamedTuple):
    """The exit code of a command and both of its streams, interleaved as on a terminal."""

    code: int
    text: str


def run(arguments):
    """``cnncalc`` with these arguments, in this process."""
    result = CliRunner().invoke(cli.app, arguments, prog_name="cnncalc", terminal_width=80)
    if isinstance(result.exception, CnncalcError):
        return Run(2, f"{result.output}cnncalc: {result.exception}\n")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.output)


def shell(line):
    """A line of an ``sh`` block; ``> FILE`` puts standard output there."""
    words = shlex.split(line, comments=True)
    assert words[0] == "cnncalc", line
    if ">" not in words:
        return run(words[1:])
    done = run(words[1 : words.index(">")])
    Path(words[-1]).write_text(done.text, encoding="utf-8")
    return Run(done.code, "")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch, _once_each):
    """Run commands in an empty folder, as if their output were piped."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


# docs/spec.md: every example gives the figures below it.


class Case(NamedTuple):
    """An example of the spec language and the text below it."""

    number: int
    heading: str
    language: str
    text: str
    shown: str


def cases():
    text = page("docs/spec.md")
    blocks = list(FENCE.finditer(text))
    wanted = [block for block in blocks if block[2] in ("yaml", "notation")]
    for number, block in enumerate(wanted, 1):
        following = [other.start() for other in blocks if other.start() > block.start()]
        shown = text[block.end() : min(following, default=len(text))]
        heading = re.findall(r"^## (.+)$", text[: block.start()], re.MULTILINE)[-1]
        yield Case(number, heading, block[2], block[3], shown)


def name_of(case):
    return f"{case.number}-{re.sub(r'[^a-z]+', '-', case.heading.lower())}"


SENTENCE = re.compile(
    r"^(?:Gives|With `(?P<options>[^`]+)` it gives) (?P<figures>.*?)\.$", re.MULTILINE | re.DOTALL
)


def figures_of(report):
    """The figures of a report, written as on the page."""
    size = "×".join
    *_, output = report["outputs"].values()
    totals = report["totals"]
    return {
        f"output {size(map(str, output))}",
        f"{totals['params']:,} parameters",
        f"{totals['macs']:,} MACs",
        *(f"{row['name']} → {size(map(str, row['output']))}" for row in report["layers"]),
    }


@pytest.mark.parametrize("case", [*cases()], ids=name_of)
def test_every_example_of_the_spec_language_gives_its_figures(case):
    Path("net.yaml").write_text(case.text, encoding="utf-8")
    target = "net.yaml" if case.language == "yaml" else case.text.strip()
    sentences = list(SENTENCE.finditer(case.shown))
    refusals = re.findall(r"^Refused: `(.+)`$", case.shown, re.MULTILINE)
    assert sentences or refusals, "every example needs figures or a refusal below it"
    for sentence in sentences:
        options = shlex.split(sentence["options"] or "")
        done = run(["summarize", target, "--format", "json", *options])
        assert done.code == 0, done.text
        shown = re.findall(r"`([^`]+)`", sentence["figures"])
        assert len(shown) >= 3, "output, parameters and MACs"
        assert set(shown) <= figures_of(json.loads(done.text))
    for refusal in refusals:
        done = run(["summarize", target])
        assert done.code == 2
        assert refusal in done.text


def test_the_spec_page_mentions_every_keyword():
    text = page("docs/spec.md")
    words = [*claims.KEYS, *claims.HABITS, *expression.FUNCTIONS]
    assert [word for word in words if f"`{word}`" not in text] == []


# The README and its commands.


class Shown(NamedTuple):
    """The commands of an ``sh`` block and the output shown below it, if any."""

    path: str
    commands: tuple[str, ...]
    output: str | None


def shown():
    for file in PAGES:
        path = str(file.relative_to(ROOT))
        if file in (TEACHING, *IN_ORDER):
            continue
        for block, following in pairwise([*FENCE.finditer(page(path)), None]):
            if block[2] == "sh" and block[3].startswith("cnncalc "):
                between = page(path)[block.end() : following.start()] if following else "end"
                is_output = not between.strip() and following[2] == "text"
                output = following[3] if is_output else None
                yield Shown(path, tuple(block[3].splitlines()), output)


def write_files(path):
    """Write the files that a page shows, each named in the comment above it."""
    for name, _, text in FENCE.findall(page(path)):
        if name.startswith("file: "):
            Path(name.removeprefix("file: ")).write_text(text, encoding="utf-8")


def matches(shown, text):
    """Whether a shown output is the text; three dots stand for any lines, or for a line's end."""
    lines = (
        re.escape(line.removesuffix(" ...")) + "[^\n]*" * line.endswith(" ...")
        for line in f"\n{shown}".split("\n")
    )
    parts = "\n".join(lines).split(f"\n{re.escape('...')}\n")
    return re.fullmatch(r"(?:\n|\n.*\n)".join(parts), f"\n{text}", re.DOTALL) is not None


@pytest.mark.parametrize("example", [*shown()], ids=lambda example: example.commands[0])
def test_every_command_shown_prints_the_output_shown(example):
    write_files(example.path)
    done = [shell(line) for line in example.commands]
    if example.output is None:
        assert [one for one in done if one.code != 0] == []
        return
    # Within one process, both streams arrive in the order in which they were written.
    text = "".join(one.text for one in done)
    assert matches(example.output, text), text


# Commands within sentences, unless they need a model file or a PyTorch model.

STANDS_FOR = {"NET": "lenet5", "NETWORK": "lenet5", "NAME": "lenet5", "DEVICE": "t4"}
MODELS = re.compile(r"\S+(?:\.(?:keras|cfg|prototxt|onnx)|:\w+)(?: |$)")


def within_sentences():
    """The commands with an argument in the prose of README.md and docs, without repetitions."""
    prose = "\n".join(
        FENCE.sub("", page(path)) for path in (ROOT / "README.md", *DOCS.rglob("*.md"))
    )
    found = re.findall(r"`(cnncalc [a-z][a-z-]* [^-`\n][^`\n]*)`", prose)
    return sorted(line for line in {*found} if not MODELS.search(line))


@pytest.mark.parametrize("line", within_sentences())
def test_every_command_within_a_sentence_runs(line):
    Path("net.yaml").write_text("extends: lenet5", encoding="utf-8")
    known = {**STANDS_FOR, "NAME": "conv"} if "kinds" in line else STANDS_FOR
    done = shell(re.sub(r"\b[A-Z]+\b", lambda word: known[word[0]], line))
    assert done.code in (0, 1), done.text


@pytest.mark.parametrize(
    "script",
    sorted(
        {one for path in PAGES for one in re.findall(r"python [^`\n]*?(\w+/\S+\.py)", page(path))}
    ),
)
def test_every_script_named_exists(script):
    assert (ROOT / script).exists()


def run_in_order(path):
    """Run all blocks of a page in one folder, and compare what it shows beside and below them."""
    text, names = page(path), {}
    write_files(path)
    for block, following in pairwise([*FENCE.finditer(text), None]):
        if block[2] == "python":
            for value, shown in values_in(block[3], names):
                assert value == shown
        if block[2] == "sh":
            done = [shell(line.strip()) for line in block[3].splitlines()]
            between = text[block.end() : following.start()] if following else "end"
            if not between.strip() and following[2] == "text":
                output = "".join(one.text for one in done)
                assert matches(following[3], output), output
            else:
                assert all(one.code == 0 for one in done), [one.text for one in done]


@pytest.mark.parametrize("path", IN_ORDER, ids=lambda path: path.stem)
def test_every_tutorial_and_guide_runs(path):
    run_in_order(path)


def test_the_teaching_page_runs():
    run_in_order(TEACHING)
    assert len(list(Path("pages").iterdir())) == 40
    assert "left out the biases" in "".join(
        path.read_text(encoding="utf-8") for path in Path("pages").iterdir()
    )
    assert {path.name for path in Path("grades").iterdir()} == {"csv", "moodle"}


def test_the_comparison_of_outputs_can_fail():
    assert matches("a\n...\nd\n", "a\nb\nc\nd\n")
    assert matches("...\nd\n", "c\nd\n")
    assert matches("a ...\nd\n", "a b\nd\n")
    assert not matches("a ...\nd\n", "a b\nc\nd\n")
    assert not matches("a\n...\nd\n", "a\nb\nc\n")
    assert not matches("a\nc\n", "a\nb\nc\n")


@pytest.mark.parametrize(
    ("mark", "ending"),
    [("install-and-run", ".venv/bin/cnncalc summarize vgg16"), ("test", "pytest -n 2")],
)
def test_the_readme_shows_each_main_command(mark, ending):
    commands = [text for name, _, text in FENCE.findall(page("README.md")) if name == mark]
    assert len(commands) == 1
    assert len(commands[0].splitlines()) == 1
    assert commands[0].strip().endswith(ending)


def test_the_readme_is_short():
    assert len(page("README.md").splitlines()) < 200


# docs/python.md, and the sessions of all pages.


@pytest.mark.parametrize(
    "path", [path for path in PAGES if ">>> " in page(path)], ids=lambda path: path.name
)
def test_every_python_session_runs(path):
    result = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert result.attempted
    assert result.failed == 0


@pytest.mark.parametrize("name", cnncalc.__all__)
def test_every_public_name_is_explained_and_shown(name):
    assert inspect.getdoc(getattr(cnncalc, name))
    assert re.search(rf"\b{name}\b", page("docs/python.md"))


# Pages with Python scripts; some of them need PyTorch.


def values_in(text, names):
    """The values of the expressions in a Python block, and the comments next to them."""
    lines = text.splitlines()
    for statement in ast.parse(text).body:
        code = ast.get_source_segment(text, statement)
        _, _, shown = lines[statement.end_lineno - 1].partition("  # ")
        if isinstance(statement, ast.Expr) and shown:
            yield repr(eval(code, names)), shown
        else:
            exec(code, names)


@pytest.mark.parametrize("path", ["README.md", "docs/export.md", "docs/verify.md"])
def test_every_expression_equals_the_value_in_its_comment(path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path.cwd()))  # where commands write files
    names, compared = {}, 0
    for block in FENCE.finditer(page(path)):
        if block[2] == "sh" and " -o " in block[3]:
            assert [one.code for one in map(shell, block[3].splitlines())] == [0]
        elif block[2] == "python" and not block[3].startswith(" "):
            for value, shown in values_in(block[3], names):
                assert value == shown
                compared += 1
    assert compared


# docs/conventions.md.


@pytest.mark.parametrize("name", ["params", "flops", *COUNTED])
def test_every_count_is_defined(name):
    assert f"`{name}`" in page("docs/conventions.md")


def rows_below(heading):
    """The cells of the first table below a heading, without its header."""
    section = page("docs/conventions.md").split(f"\n## {heading}\n")[1]
    lines = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def whole(cell):
    return int(re.match(r"[\d,]+", cell)[0].replace(",", ""))


def test_every_tools_total_is_the_macs_plus_its_excess():
    macs = cnncalc.summarize("resnet50").totals.macs
    first, *others = rows_below("Where tools differ")
    assert whole(first[1]) == 2 * macs
    for tool, prints, excess, _ in others:
        assert whole(prints) == macs + whole(excess), tool


@cache
def built_in():
    """The totals of every built-in architecture."""
    return [cnncalc.summarize(name).totals for name in catalog.names()]


@pytest.mark.parametrize("row", rows_below("Which network"), ids=lambda row: row[0])
def test_every_network_in_the_conventions_is_built_in(row):
    _, params, macs = row
    assert any(total.params == whole(params) and total.macs == whole(macs) for total in built_in())


# Generated pages, and pages that leave nothing out.


def test_generated_files_are_current():
    stale = [path for path, text in generate.pages().items() if page(path) != text]
    assert stale == [], f"{', '.join(stale)}: run python docs/generate.py"


@pytest.mark.parametrize("name", layers.names())
def test_every_kind_is_documented(name):
    assert f"\n## {name}\n" in page("docs/kinds.md")


@pytest.mark.parametrize("name", catalog.names())
def test_every_architecture_is_documented(name):
    assert f"\n## {name}\n" in page("docs/architectures.md")


@cache
def commands_shown():
    """Every line of the documentation that calls cnncalc, as the tests run it."""
    blocks = (block for path in PAGES for block in FENCE.findall(page(path)))
    return {line for _, language, text in blocks if language == "sh" for line in text.splitlines()}


@pytest.mark.parametrize("name", cli.names())
def test_every_command_is_documented_and_shown(name):
    assert f"\n## cnncalc {name}\n" in page("docs/cli.md")
    assert any(line.split()[:2] == ["cnncalc", name] for line in commands_shown())


@pytest.mark.parametrize("name", render.names())
def test_every_format_is_documented(name):
    assert f"`{name}`" in page("docs/how-to/paper-table.md")


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.name)
def test_the_index_names_every_page(path):
    assert path.name == "index.md" or f"({path.relative_to(DOCS)})" in page("docs/index.md")


def broken_links(path, text):
    """The links of a page to files or headings that do not exist."""
    prose = FENCE.sub("", text)
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", prose):
        file = path.parent / target if target else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield f"{target}#{anchor}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_link_is_broken(path):
    assert [*broken_links(path, page(path))] == []


def test_a_broken_link_is_found():
    text = "[a](docs/none.md), [b](docs/spec.md#none), [c](docs/spec.md), [d](#none)"
    assert len([*broken_links(ROOT / "README.md", text)]) == 3


def anchors(path):
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(
        r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE
    )
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_mentions_a_local_path(path):
    assert re.findall(r"/(?:home|root|tmp|work|Users)/", path.read_text(encoding="utf-8")) == []
