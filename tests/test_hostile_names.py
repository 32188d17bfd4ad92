"""Names of students and questions that try to be something else, in every output of a class."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest

import cnncalc
from cnncalc.homework import class_page, feedback_formats, gradebook_formats
from cnncalc.homework.feedback import remark

NAMES = (
    "=HYPERLINK(1)",
    "+1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2+3",
    "\t=1+1",
    "＝SUM(A1)",
    "\u202e=WEBSERVICE(1)",
    '=IMPORTXML("x";"//a")',
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) | `code` | **bold**",
    "\u202eadA",
    "A\u200bd\u2066a\x1b[31m",
    "& &amp; \" '",
)
HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that change how a text is shown."""


@pytest.fixture(params=NAMES)
def graded(request, tmp_path):
    """A student with the name, who is wrong and answers a question with the name."""
    (tmp_path / "key.yaml").write_text(
        "questions: [{name: a, given: {N: 9, F: 5}, ask: same_padding}]", encoding="utf-8"
    )
    name = "'" + request.param.replace("'", "''") + "'"
    if not request.param.isprintable():
        name = '"' + request.param.encode("unicode_escape").decode().replace("'", "\\x27") + '"'
    text = f"student: {name}\nquestions: [{{name: a, answer: 4}}, {{name: {name}, answer: {name}}}]"
    (tmp_path / "ada.yaml").write_text(text, encoding="utf-8")
    return cnncalc.grade([tmp_path / "ada.yaml"], tmp_path / "key.yaml")


def test_a_name_is_read(graded):
    assert graded[0].marks[0].outcome.value == "wrong"
    assert len(graded[0].student.strip()) > 2


@pytest.mark.parametrize("book", gradebook_formats.names())
def test_no_name_in_a_gradebook_runs_as_a_formula(graded, book):
    for name, text in gradebook_formats.load(book).write(graded, "hw").items():
        assert not HIDDEN.search(text)
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            numbers = re.compile(r"-?[0-9.]*")
            assert not [
                c for c in cells if c[:1] in tuple("=+-@＝\t\r") and not numbers.fullmatch(c)
            ]


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and its texts."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data):
        self.texts.append(data)


def test_no_page_has_the_markup_of_a_name(graded):
    for page in (feedback_formats.load("html").write(graded[0]), class_page.write(graded, "hw")):
        found = Tags(page)
        assert not HIDDEN.search(page)
        assert not found.tags & {"script", "img", "a", "onerror", "src", "href"}
        assert graded[0].student in "".join(found.texts)


def test_markdown_shows_markup_as_text(graded):
    page = feedback_formats.load("markdown").write(graded[0])
    title = page.splitlines()[0].removeprefix("# ")
    assert not HIDDEN.search(page)
    assert not re.search(r"(?<!\\)[`*<\[|]", title)


def test_a_remark_shows_no_control_character(tmp_path):
    """The remark lists the names of the inputs, one of which is not valid."""
    given = 'input: {a: 3x8x8, "\\x9B31m": 3x8x8}, layers: [relu]'
    text = f"questions: [{{ask: weights, given: {{{given}}}, answer: 5}}]"
    (tmp_path / "ada.yaml").write_text(text, encoding="utf-8")
    (mark,) = cnncalc.grade(tmp_path / "ada.yaml")[0].marks
    assert "'from': a, 31m" in remark(mark)
