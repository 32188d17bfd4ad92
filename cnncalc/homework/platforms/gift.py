"""GIFT: questions as text, for Moodle and other platforms.

https://docs.moodle.org/en/GIFT_format
"""

import re
from collections.abc import Iterator

from cnncalc.homework.platforms._items import Item, Option, Style, items
from cnncalc.homework.platforms.moodle import percentage
from cnncalc.homework.quiz import Quiz

EXTENSION = ".gift"
SPECIAL = re.compile(r"([\\~=#{}:])")


def write(quiz: Quiz) -> bytes:
    """All questions, in a category named after the quiz."""
    category = f"$CATEGORY: $course$/top/{quiz.title.replace('/', '//')}"
    return ("\n\n".join([category, *map(_question, items(quiz))]) + "\n").encode()


def _question(item: Item) -> str:
    head = f"::{escape(item.name)}::{escape(item.text)} {{{'#' * (item.style is Style.NUMBER)}"
    solution = escape(" | ".join(item.solution))
    return "\n".join([head, *_answers(item), f"  ####{solution}", "}"])


def _answers(item: Item) -> Iterator[str]:
    for option in item.options:
        for spelling in option.spellings:
            yield f"  {_credit(item, option)}{_answer(item.style, spelling)}{_feedback(option)}"


def _credit(item: Item, option: Option) -> str:
    """The sign in front of an answer, with the percentage of the credit where GIFT needs it."""
    if option.credit == 1:
        return "="
    sign = "~" if item.style is Style.CHOICE else "="
    # A bare = would give full credit.
    return f"{sign}%{percentage(option.credit)}%" if option.credit or sign == "=" else sign


def _answer(style: Style, text: str) -> str:
    return f"{text}:0" if style is Style.NUMBER else escape(text)


def _feedback(option: Option) -> str:
    return f" #{escape(option.feedback)}" if option.feedback else ""


def escape(text: str) -> str:
    """A text in which no character has a special meaning."""
    return SPECIAL.sub(r"\\\1", text)
