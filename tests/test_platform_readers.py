"""Exported quizzes, read and marked by the code of the platforms themselves.

Each test runs if an environment variable names the code: ``MOODLE`` a checkout of Moodle 3.8 (with
PHP), ``QTI_GEM`` the folders for ``ruby -I``, separated by colons, with instructure/qti and the
gems it needs, ``QTI_MIGRATION`` a checkout of instructure/QTIMigrationTool (with lxml), which has
the DTD of QTI too.
"""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from html import unescape
from itertools import product
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

import cnncalc
from cnncalc.homework import platforms
from cnncalc.homework.platforms._items import items
from cnncalc.homework.platforms.canvas import QTI
from cnncalc.homework.topics import TOPICS

READERS = Path(__file__).parent / "readers"
STUDENT = "Ada & Bob <Eve>"
pytestmark = pytest.mark.exhaustive


@pytest.fixture(params=product(range(3), ("easy", "hard"), (False, True)), ids=str)
def quiz(request):
    seed, level, choices = request.param
    order = {"seed": seed, "level": level, "choices": choices, "student": STUDENT}
    return cnncalc.quiz(TOPICS, questions=20, **order)


def checkout(variable):
    if variable not in os.environ:
        pytest.skip(f"{variable} must name a checkout of the platform's code")
    return os.environ[variable]


def output(*command, **options):
    found = subprocess.run(command, check=False, capture_output=True, text=True, **options)
    assert (found.returncode, found.stderr) == (0, ""), found.stderr[-2000:]
    return found.stdout


def plain(html):
    return unescape(re.sub("<.*?>", "", html))


def marked(one, answer):
    """The points and the remark of ``grade``."""
    sheet = {"questions": [{"name": "1", **one.key(), "answer": answer}]}
    [graded] = cnncalc.grade(sheet)
    [mark] = graded.marks
    return graded.points(mark), graded.record(mark)["remark"]


def unpacked(quiz, folder):
    with zipfile.ZipFile(io.BytesIO(platforms.load("canvas").write(quiz))) as archive:
        archive.extractall(folder)
    return folder


def test_moodle_marks_answers_as_grade_does(quiz, tmp_path):
    moodle = checkout("MOODLE")
    path = tmp_path / "quiz.xml"
    path.write_bytes(platforms.load("moodle").write(quiz))
    given = []
    for item in items(quiz):
        answers = [spelling for option in item.options for spelling in option.spellings]
        numbers = [int(answer) for answer in answers if answer.isdecimal()]
        given.append(answers + [str(number + 1) for number in numbers])
    script = str(READERS / "moodle.php")
    found = json.loads(output("php", script, moodle, str(path), input=json.dumps(given)))
    assert found["category"] == f"$course$/top/Quiz for {STUDENT}"
    for one, question, answers in zip(quiz.posed, found["questions"], given, strict=True):
        assert plain(question["text"]) == one.text
        assert len(question["marks"]) == (len(one.choices) or len(answers))
        for answer, fraction, feedback in question["marks"]:
            points, remark = marked(one, plain(answer))
            assert fraction == points, (one.text, answer)
            said = plain(feedback).rstrip(".").split("; or ")
            assert not feedback or any(part.casefold() in remark.casefold() for part in said)


def test_new_quizzes_takes_the_right_answers(quiz, tmp_path):
    folders = checkout("QTI_GEM").split(":")
    include = [word for folder in folders for word in ("-I", folder)]
    found = json.loads(output(
        "ruby", *include, str(READERS / "canvas.rb"), str(unpacked(quiz, tmp_path))
    ))  # fmt: skip
    assert found["title"] == quiz.title
    for one, item in zip(quiz.posed, found["items"], strict=True):
        assert (plain(item["text"]), item["points"]) == (one.text, "1")
        choices = {ident: plain(text) for ident, text in item["choices"].items()}
        assert not one.choices or [*choices.values()] == [*one.choices]
        assert {marked(one, choices.get(answer, answer))[0] for answer in item["right"]} == {1}
        for ident, feedback in item["feedback"].items():
            points, remark = marked(one, choices[ident])
            said = plain(feedback).rstrip(".").split("; or ")
            assert points < 1
            assert any(part.casefold() in remark.casefold() for part in said)


def test_a_package_is_valid_qti(quiz, tmp_path):
    schemas = Path(checkout("QTI_MIGRATION")) / "schemas"
    etree = pytest.importorskip("lxml.etree")
    [path] = unpacked(quiz, tmp_path).glob("q*/q*.xml")
    # A DTD knows no namespaces.
    text = path.read_text(encoding="utf-8").replace(f' xmlns="{QTI}"', "")
    valid = etree.DTD(str(schemas / "ims_qtiasiv1p2p1.dtd"))
    assert valid.validate(etree.fromstring(text.encode())), valid.error_log


def test_classic_quizzes_converts_every_question(quiz, tmp_path):
    tool = Path(checkout("QTI_MIGRATION")) / "migrate.py"
    package, converted = unpacked(quiz, tmp_path / "package"), tmp_path / "converted"
    options = ("--ucvars", "--nogui", "--overwrite", f"--cpout={converted}")  # as Canvas runs it
    output(sys.executable, "-W", "ignore", str(tool), *options, str(package))
    found = {
        int(path.stem.rpartition("_")[2]): parse(path).getroot()
        for path in (converted / "assessmentItems").iterdir()
    }
    assert sorted(found) == [one.number for one in quiz.posed]
    for one in quiz.posed:
        item = found[one.number]
        choices = {
            choice.get("identifier"): plain("".join(choice.itertext())).strip()
            for choice in item.iterfind(".//{*}simpleChoice")
        }
        right = [
            choices.get(value.text, value.text)
            for condition in item.iterfind(".//{*}responseIf")
            if condition.find("{*}setOutcomeValue[@identifier='SCORE']/{*}baseValue") is not None
            for value in condition.iterfind(".//{*}baseValue")
            if value.get("identifier") or value.text in choices
        ]
        assert right
        assert {marked(one, answer)[0] for answer in right} == {1}
        assert plain(plain("".join(item.find(".//{*}itemBody/{*}div").itertext()))) == one.text
