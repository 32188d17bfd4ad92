"""Answers in YAML, which includes JSON."""

from cnncalc.spec import text as yaml
from cnncalc.spec.text import Item

SUFFIXES = (".yaml", ".yml", ".json")


def read(text: str, source: str) -> Item:
    """The tree of the document."""
    return yaml.read(text, source, "an answer sheet needs 'answers' or 'questions'")
