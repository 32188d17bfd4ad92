"""The documentation is run: every example, command and figure in it, and nothing is left out of it."""

import doctest
import importlib.util
import inspect
import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import catalog, cli, layers, render
from cnncalc.errors import CnncalcError

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])

# A fenced block, with the comment that may stand before it.
FENCE = re.compile(r"(?:^<!-- (.+) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Run(NamedTuple):
    """What a command did: its exit code and both of its streams, as a terminal shows them."""

    code: int
    text: str


def run(arguments):
    """``cnncalc`` with these arguments, in this process."""
    result = CliRunner().invoke(cli.app, arguments, prog_name="cnncalc")
    if isinstance(result.exception, CnncalcError):
        return Run(2, f"{result.output}cnncalc: {result.exception}\n")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.output)


def shell(line):
    """A line of a README's ``sh`` block; ``> FILE`` puts standard output there."""
    words = shlex.split(line, comments=True)
    assert words[0] == "cnncalc", line
    if ">" not in words:
        return run(words[1:])
    done = run(words[1 : words.index(">")])
    Path(words[-1]).write_text(done.text, encoding="utf-8")
    return Run(done.code, "")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """Commands run in an empty folder and draw for a pipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


# docs/spec.md: every example gives the figures below it.


class Case(NamedTuple):
    """An example of the spec language, and what is said of it."""

    number: int
    heading: str
    language: str
    text: str
    said: str


def cases():
    text = (DOCS / "spec.md").read_text(encoding="utf-8")
    blocks = list(FENCE.finditer(text))
    wanted = [block for block in blocks if block[2] in ("yaml", "notation")]
    for number, block in enumerate(wanted, 1):
        following = [other.start() for other in blocks if other.start() > block.start()]
        said = text[block.end() : min(following, default=len(text))]
        heading = re.findall(r"^## (.+)$", text[: block.start()], re.MULTILINE)[-1]
        yield Case(number, heading, block[2], block[3], said)


def name_of(case):
    return f"{case.number}-{re.sub(r'[^a-z]+', '-', case.heading.lower())}"


SENTENCE = re.compile(
    r"^(?:Gives|With `(?P<options>[^`]+)` it gives) (?P<figures>.*?)\.$", re.MULTILINE | re.DOTALL
)


def figures_of(report):
    """The figures of a report in the words that the page uses."""
    size = "×".join
    (output,) = report["outputs"].values()
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
    sentences = list(SENTENCE.finditer(case.said))
    refusals = re.findall(r"^Refused: `(.+)`$", case.said, re.MULTILINE)
    assert sentences or refusals, "an example is followed by its figures, or by its refusal"
    for sentence in sentences:
        options = shlex.split(sentence["options"] or "")
        done = run(["summarize", target, "--format", "json", *options])
        assert done.code == 0, done.text
        said = re.findall(r"`([^`]+)`", sentence["figures"])
        assert len(said) >= 3, "output, parameters and MACs"
        assert set(said) <= figures_of(json.loads(done.text))
    for refusal in refusals:
        done = run(["summarize", target])
        assert done.code == 2
        assert refusal in done.text
