"""Moodle XML: import it into a question bank.

Counts are numerical questions, shapes are short answers, and choices are multiple choice. The value
of every known mistake earns partial credit, with feedback on what went wrong.
https://docs.moodle.org/en/Moodle_XML_format
"""

from fractions import Fraction
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cnncalc.homework.platforms._items import Item, Option, Style, items
from cnncalc.homework.quiz import Quiz

EXTENSION = ".moodle.xml"
TYPES = {Style.NUMBER: "numerical", Style.TEXT: "shortanswer", Style.CHOICE: "multichoice"}


def write(quiz: Quiz) -> bytes:
    """All questions, in a category named after the quiz."""
    root = Element("quiz")
    category = SubElement(root, "question", type="category")
    _text(category, "category", f"$course$/top/{quiz.title.replace('/', '//')}")
    for item in items(quiz):
        _question(SubElement(root, "question", type=TYPES[item.style]), item)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _question(question: Element, item: Item) -> None:
    _text(question, "name", item.name)
    _html(question, "questiontext", f"<p>{escape(item.text)}</p>")
    _html(question, "generalfeedback", item.solved)
    settings = {"defaultgrade": "1", "penalty": "0.3333333", "hidden": "0"}
    if item.style is Style.CHOICE:
        settings |= {"single": "true", "shuffleanswers": "true", "answernumbering": "abc"}
    if item.style is Style.TEXT:
        settings |= {"usecase": "0"}
    for name, value in settings.items():
        SubElement(question, name).text = value
    for option in item.options:
        for spelling in option.spellings:
            _answer(question, item.style, option, spelling)


def _answer(question: Element, style: Style, option: Option, spelling: str) -> None:
    answer = SubElement(question, "answer", fraction=percentage(option.credit), format="html")
    SubElement(answer, "text").text = escape(spelling) if style is Style.CHOICE else spelling
    _html(answer, "feedback", f"<p>{escape(option.feedback)}</p>" if option.feedback else "")
    if style is Style.NUMBER:
        SubElement(answer, "tolerance").text = "0"


def percentage(credit: Fraction) -> str:
    """A credit as Moodle writes it. Moodle refuses most percentages; 100, 50 and 0 are allowed."""
    return f"{float(100 * credit):g}"


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(SubElement(parent, name), "text").text = text


def _html(parent: Element, name: str, text: str) -> None:
    SubElement(SubElement(parent, name, format="html"), "text").text = text
