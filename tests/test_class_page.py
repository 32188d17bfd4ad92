"""The statistics of a class as an HTML page."""

import re
from xml.etree.ElementTree import fromstring

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.homework import class_page, feedback_formats

# 10 filters of 5·5·3: 760 parameters, 750 without the biases. Two questions of padding: 2.
KEY = """
questions:
  - {name: params, given: {conv: {filters: 10, kernel: 5}, input: 3x32x32}, ask: params}
  - {name: pad, given: {N: 9, F: 5}, ask: same_padding}
  - {name: legal, given: {N: 7, F: 3, S: 3}, ask: stride_legal}
"""
CLASS = {
    "a": ("Ada", 750, 2, "no"),
    "b": ("Ada", 750, 4, "yes"),
    "c": ("Bob & <i>", 760, 2, "no"),
    "d": ("\u202eEve", 760, 1, "yes"),
    "e": ("Kim", "many", 2, "yes"),
}


@pytest.fixture
def room(tmp_path):
    (tmp_path / "key.yaml").write_text(KEY, encoding="utf-8")
    (tmp_path / "class").mkdir()
    for name, (student, params, pad, legal) in CLASS.items():
        text = f"student: {student!r}\nquestions:\n- {{name: params, answer: {params}}}\n"
        text += f"- {{name: pad, answer: {pad}}}\n- {{name: legal, answer: '{legal}'}}\n"
        (tmp_path / "class" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "class/f.yaml").write_text("questions: [", encoding="utf-8")
    return tmp_path


@pytest.fixture
def grades(room):
    return cnncalc.grade([room / "class"], room / "key.yaml", credit={"slip": "0"})


def tables(page):
    """The rows of each table, by the heading above it."""
    body = fromstring(re.search("<main>.*</main>", page, re.DOTALL)[0])
    title = ""
    for part in body:
        title = part.text if part.tag == "h2" else title
        if part.tag == "table":
            yield title, [["".join(cell.itertext()) for cell in row] for row in part.iter("tr")]


def test_every_class_of_the_pages_has_a_style(grades):
    for text in (
        class_page.write(grades, "week 1"),
        feedback_formats.load("html").write(grades[0]),
    ):
        style, body = re.search("<style>(.*?)</style>(.*)", text, re.DOTALL).groups()
        used = {name for names in re.findall('class="(.*?)"', body) for name in names.split()}
        assert used
        assert [name for name in used if f".{name} " not in style] == []


def test_the_page_has_every_statistic(grades):
    page = class_page.write(grades, "week 1")
    assert page.startswith("<!doctype html>")
    assert "<title>week 1: 6 students</title>" in page
    # 2, 0, 3, 1 and 1 of 3 right.
    assert "<p>Mean 46.7%, median 33.3%, quartiles 33.3% and 66.7%, lowest 0.0%, highest" in page
    found = dict(tables(page))
    # The points for params are (0, 0, 1, 1, 0), those of the others (2, 0, 2, 0, 1).
    assert found["Questions"][1] == ["params", "2", "5", "0.00", "bias forgotten 2×"]
    assert found["Mistakes"][1:] == [
        ["bias forgotten", "left out the biases", "2", "Ada (a), Ada (b)"],
        ["padding of both sides", "gave the padding of both sides together", "1", "Ada (b)"],
    ]
    students = {row[0]: row for row in found["Students"][1:]}
    assert students["Bob & <i>"] == ["Bob & <i>", "3", "3", "3", "0", "0", "0", "0", "0", ""]
    assert students["Kim"][-1].startswith("params: 'many' is not a number")
    assert "never closed" in students["f"][-1]
    assert "\u202e" not in page


def test_bars_are_as_tall_as_their_counts(grades):
    bars = re.findall(r'<rect x="(\d+)" y="\d+" width="72" height="(\d+)"/>', grades_page(grades))
    # One student below 10 %, two at 33 %, one at 67 % and one at 100 %.
    assert bars == [("4", "76"), ("244", "152"), ("484", "76"), ("724", "76")]
    assert "30–40%: 2" in grades_page(grades)


def grades_page(grades):
    return class_page.write(grades, "week 1")


def test_a_question_that_does_not_discriminate_is_red(grades):
    assert '<td class="number bad">0.00</td>' in grades_page(grades)


def test_the_page_suits_light_dark_and_print(grades):
    page = grades_page(grades)
    assert "color-scheme: light dark" in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert "<script" not in page
    assert "://" not in page


def test_a_class_that_cannot_be_read_has_only_its_students(room):
    grades = cnncalc.grade([room / "class/f.yaml"], room / "key.yaml")
    assert [title for title, _ in tables(class_page.write(grades, "x"))] == ["Students"]
    assert "x: 1 student<" in class_page.write(grades, "x")


def test_a_class_in_which_nobody_is_wrong_has_no_mistakes(room):
    grades = cnncalc.grade([room / "class/c.yaml"], room / "key.yaml")
    page = class_page.write(grades, "x")
    assert [title for title, _ in tables(page)] == ["Questions", "Students"]


def test_the_command_writes_the_page(room):
    words = ["grade", str(room / "key.yaml"), str(room / "class"), "--name", "Week 1"]
    result = CliRunner().invoke(app, [*words, "-o", str(room / "class.html")])
    assert result.exit_code == 1  # one sheet cannot be read
    page = (room / "class.html").read_text(encoding="utf-8")
    assert "<title>Week 1: 6 students</title>" in page
    assert "Ada (a)" in CliRunner().invoke(app, words).stdout
