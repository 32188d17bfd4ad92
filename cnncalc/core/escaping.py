"""Text with the special characters of LaTeX or Markdown escaped."""

import re

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{character: f"\\{character}" for character in "{}$&#%_"},
    # After the end of a row, LaTeX would read a bare bracket as an option.
    "[": "{[}",
    "]": "{]}",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "−": "$-$",
    "→": r"$\to$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
}
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
MARKDOWN = re.compile(r"[\\`*|<>\[\]~#]|\b_|_\b")
"""Characters that Markdown would read as markup; an underscore inside a word is not."""


def latex(text: str) -> str:
    """The text on one line, with LaTeX's special characters escaped."""
    plain = "".join(LATEX.get(character, character) for character in " ".join(text.split()))
    return re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", _superscript, plain)


def markdown(text: str) -> str:
    """The text on one line, with markup characters escaped."""
    return MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))


def _superscript(digits: re.Match[str]) -> str:
    return f"$^{{{digits[0].translate(SUPERSCRIPTS)}}}$"
