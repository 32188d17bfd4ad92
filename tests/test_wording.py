"""Pages, messages, docstrings and test names are plain English: these phrases stay out."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("benchmarks/*.md"), *ROOT.glob("docs/**/*.md")]
MODULES = [*ROOT.glob("cnncalc/**/*.py"), *ROOT.glob("tests/*.py"), *ROOT.glob("benchmarks/*.py")]
FILES = sorted(
    {*PAGES, *MODULES, *ROOT.glob("architectures/*.yaml")} - {Path(__file__)},
    key=lambda path: path.relative_to(ROOT),
)

STILTED = {
    r"(is|are|was|were) told": "is reported, is shown",
    r"held against": "compared with",
    r"holds? (it|them|all|each) (all )?against": "compares with",
    r"puts? out": "outputs, produces",
    r"what (enters|leaves)": "the input, the output",
    r"images? at a time": "batch size",
    r"what is alive": "live memory",
    r"the most that is alive": "peak memory",
    r"held throughout": "resident",
    r"(they|these|those) are no \w+": "they are not",
    r"by being there": "automatically",
    r"(made|done) again": "recomputed, repeated",
    r"mended": "fixed",
    r"a word for": "a name for",
    r"behind one another": "concatenate",
    r"comes? about": "is computed",
    r"so it counts": "therefore",
    r"unless it is said": "default:",
    r"(unless|if) said otherwise": "by default",
    r"the own": "your",
    r"is wanted( here)?, not": "expected ..., not",
    r"way out": "fix",
    r"not following": "do not match",
    r"(?<!there )is no (number|shape|name)": "is not a",
    r"than any size": "too large",
    r"(one|two) names of one": "two names for the same",
    r"(names|named) no (layer|network|file)": "does not name a",
    r"is a (list|mapping|text|single value)( of \w+)?, not": "must be a ..., not",
    r"the ending of": "the extension of",
    r"a fault of ours": "a bug",
    r"for ever": "forever",
    r"in some (seconds|minutes)": "in a few",
    r"(as|is) asked (of|for) (it|them)": "as requested",
    r"what becomes of": "the result of",
    r"(it|that|which|one) (may|must|can) stand (alone|beside)": "can be given",
    r"by a word of": "by a name",
    r"a kind of its own": "a separate kind",
    r"in a process of its own": "in its own process",
    r"makes? no sense": "is invalid",
    r"as much as it (can|may)": "as much as possible",
    r"the one \w+ the other": "both, each",
    r"whoever \w+s": "anyone who",
    r"lets? go of": "frees",
    r"nobody (watches|looks|reads|chose|obeys|seen|has seen)": "a term of the field",
}
"""Each phrase, as a regular expression, and what to write instead."""
ANY = re.compile(rf"\b(?:{'|'.join(STILTED)})(?!\w)", re.IGNORECASE)


def texts(path):
    """The prose of a page or a spec; the strings, docstrings and test names of a module."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return [text]
    nodes = [*ast.walk(ast.parse(text))]
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef))
    strings = (node.value for node in nodes if isinstance(node, ast.Constant))
    return [
        *(node.name.replace("_", " ") for node in functions if node.name.startswith("test_")),
        *(value for value in strings if isinstance(value, str)),
    ]


def stilted(text):
    """The phrases of a text to rewrite, each with a better one."""
    flat = " ".join(text.split())
    if not ANY.search(flat):
        return
    for phrase, better in STILTED.items():
        for found in re.finditer(rf"\b{phrase}(?!\w)", flat, re.IGNORECASE):
            around = flat[max(0, found.start() - 20) : found.end() + 20]
            yield f"{around!r}: write {better!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_has_a_stilted_phrase(path):
    assert [one for text in texts(path) for one in stilted(text)] == []


@pytest.mark.parametrize("phrase", ["it is told", "what a layer\nputs out", "the own answer"])
def test_a_stilted_phrase_is_found(phrase):
    assert len([*stilted(f"before {phrase} after")]) == 1


def test_a_message_is_found_in_a_module(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('raise ValueError(f"a name is wanted here, not {name!r}")', encoding="utf-8")
    assert [one for text in texts(module) for one in stilted(text)]
