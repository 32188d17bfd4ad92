"""Quizzes for learning platforms, read back as a platform does, and marked again."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from fractions import Fraction
from hashlib import sha256
from html import unescape
from xml.etree.ElementTree import fromstring

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.homework import platforms
from cnncalc.homework.platforms import _wheel
from cnncalc.homework.platforms import gift as gift_format
from cnncalc.homework.platforms._items import Item, Option, Style
from cnncalc.homework.platforms.gradescope import results
from cnncalc.homework.topics import TOPICS

QUIZZES = [
    cnncalc.quiz(TOPICS, questions=8, seed=5, level=level, choices=choices)
    for level in ("easy", "hard")
    for choices in (False, True)
]
each_quiz = pytest.mark.parametrize("quiz", QUIZZES, ids=["easy", "choices", "hard", "both"])


def written(name, quiz):
    return platforms.load(name).write(quiz)


def marked(one, answer):
    """The outcome and the remark of an answer in a sheet."""
    sheet = {"questions": [{"name": "1", **one.key(), "answer": answer}]}
    [graded] = cnncalc.grade(sheet)
    return graded.answers[0]["outcome"], graded.answers[0]["remark"]


def as_marked(one, answer, credit, feedback):
    """Whether a platform marks an answer as grade does, with a diagnosis that grade gives too."""
    outcome, remark = marked(one, answer)
    if credit == 1:
        return outcome == "right"
    said = feedback.rstrip(".").split("; or ")
    return outcome == "wrong" and (not feedback or any(
        part.casefold() in remark.casefold() for part in said
    ))  # fmt: skip


# Moodle.


def moodle(quiz):
    """Every question as Moodle reads it: type, text, and answers with credit and feedback."""
    root = fromstring(written("moodle", quiz))
    for question in root.iterfind("question"):
        if question.get("type") == "category":
            continue
        answers = [
            (
                answer.findtext("text"),
                float(answer.get("fraction")) / 100,
                re.sub("<.*?>", "", unescape(answer.findtext("feedback/text") or "")),
            )
            for answer in question.iterfind("answer")
        ]
        yield question.get("type"), question.findtext("questiontext/text"), answers


@each_quiz
def test_moodle_marks_every_answer_as_grade_does(quiz):
    for one, (kind, text, answers) in zip(quiz.posed, moodle(quiz), strict=True):
        assert unescape(text) == f"<p>{one.text}</p>"
        assert kind in ("numerical", "shortanswer", "multichoice")
        assert len({answer for answer, _, _ in answers}) == len(answers)
        assert max(credit for _, credit, _ in answers) == 1
        for answer, credit, feedback in answers:
            assert as_marked(one, unescape(answer), credit, feedback), (one.text, answer)


@each_quiz
def test_moodle_offers_every_choice_once(quiz):
    for one, (kind, _, answers) in zip(quiz.posed, moodle(quiz), strict=True):
        if one.choices:
            assert kind == "multichoice"
            assert [unescape(answer) for answer, _, _ in answers] == [*one.choices]


def test_moodle_knows_a_mistake_with_the_channels_last():
    # 16 filters of 5·5 with stride 2 and padding 1 on 19·19: (19 - 5 + 2)/2 + 1 = 9; without the
    # padding 8, which Keras would print as 8, 8, 16.
    asked = "A 1×19×19 image enters a convolution with 16 filters of 5×5, stride 2, padding 1."
    quiz = cnncalc.quiz("shape", questions=20, seed=1)
    [answers] = [answers for _, text, answers in moodle(quiz) if asked in text]
    known = {answer: (credit, feedback) for answer, credit, feedback in answers}
    assert known["9x9x16"] == (1, "")
    assert known["8x8x16"] == known["16x8x8"]
    assert known["8x8x16"][0] == 0.5
    assert known["8x8x16"][1].startswith("Forgot the padding; or ")


def test_moodle_takes_shapes_with_the_channels_first_or_last():
    [one] = (quiz := cnncalc.quiz("shape", questions=1, seed=5)).posed
    channels, *spatial = one.question.value
    [(_, _, answers)] = moodle(quiz)
    right = {answer for answer, credit, _ in answers if credit == 1}
    assert {
        "x".join(map(str, (channels, *spatial))),
        "x".join(map(str, (*spatial, channels))),
    } <= right


def test_a_typical_mistake_in_moodle_earns_half_and_is_explained():
    quiz = cnncalc.quiz("params", questions=1, seed=7, student="Ada")
    [(kind, _, answers)] = moodle(quiz)
    # 10 filters of 2·2·3 with a bias each: 130; without the biases 120.
    assert kind == "numerical"
    assert ("130", 1, "") in answers
    assert ("120", 0.5, "Left out the biases.") in answers


# GIFT.


def gift(quiz):
    """The answers of every question as Moodle's GIFT reader splits them."""
    text = written("gift", quiz).decode()
    for block in text.strip().split("\n\n")[1:]:
        head, _, rest = block.partition(" {")
        body = rest.removesuffix("\n}")
        assert re.fullmatch(r"::Question \d+::(\\.|[^\\~=#{}:])+", head)
        answers = []
        for line in body.split("\n")[1:-1]:
            found = re.fullmatch(
                r"  ([=~])(?:%([\d.]+)%)?((?:\\.|[^\\~=#])*?)(?: #((?:\\.|[^\\])*))?", line
            )
            sign, percent, answer, feedback = found.groups()
            credit = float(percent) / 100 if percent else float(sign == "=")
            answer = answer.removesuffix(":0") if body.startswith("#") else answer
            plain = [re.sub(r"\\(.)", r"\1", one or "") for one in (answer, feedback)]
            answers.append((plain[0], credit, plain[1]))
        yield answers


@each_quiz
def test_gift_has_the_answers_of_moodle(quiz):
    expected = [
        [(unescape(answer), credit, feedback) for answer, credit, feedback in answers]
        for _, _, answers in moodle(quiz)
    ]
    assert [*gift(quiz)] == expected


def test_an_answer_without_credit_is_not_right_in_gift(monkeypatch):
    right, wrong = Option(("5",), Fraction(1), ""), Option(("7",), Fraction(0), "")
    item = Item("Question 1", "How many?", Style.NUMBER, (right, wrong), ())
    monkeypatch.setattr(gift_format, "items", lambda quiz: [item])
    [answers] = gift(QUIZZES[0])
    assert answers == [("5", 1, ""), ("7", 0, "")]


# Canvas.


def canvas(quiz):
    """Every item of the package that the manifest names."""
    archive = zipfile.ZipFile(io.BytesIO(written("canvas", quiz)))
    files = {name: fromstring(archive.read(name)) for name in archive.namelist()}
    named = {file.get("href") for file in files["imsmanifest.xml"].iterfind(".//{*}file")}
    assert named == files.keys() - {"imsmanifest.xml"}
    [questions] = (root for root in files.values() if root.tag.endswith("}questestinterop"))
    return questions.findall(".//{*}item")


def respond(item, answer):
    """The score and the feedback of a response, as QTI processes conditions in order."""
    score, shown = 0, []
    for condition in item.iterfind(".//{*}respcondition"):
        accepted = [one.text for one in condition.iterfind(".//{*}varequal")]
        if answer not in accepted and condition.find(".//{*}other") is None:
            continue
        for setting in condition.iterfind("{*}setvar"):
            score = int(setting.text)
        shown += [one.get("linkrefid") for one in condition.iterfind("{*}displayfeedback")]
        if condition.get("continue") == "No":
            break
    texts = {
        one.get("ident"): re.sub("<.*?>", "", one.find(".//{*}mattext").text)
        for one in item.iterfind("{*}itemfeedback")
    }
    return score, [unescape(texts[name]) for name in shown if name != "general_fb"]


@each_quiz
def test_canvas_marks_every_answer_as_grade_does(quiz):
    for one, item in zip(quiz.posed, canvas(quiz), strict=True):
        labels = {
            label.get("ident"): unescape(label.findtext(".//{*}mattext"))
            for label in item.iterfind(".//{*}render_choice/{*}response_label")
        }
        for answer in {equal.text for equal in item.iterfind(".//{*}varequal")}:
            score, shown = respond(item, answer)
            said = labels.get(answer, answer)
            assert as_marked(one, said, score / 100, "".join(shown)), (one.text, said)


def imported_by_canvas(item):
    """The right answers of a number or a text, as the importer of Canvas finds them: a number
    stands in an ``or`` with its bounds, and every text in a condition is right."""
    for condition in item.iterfind(".//{*}respcondition"):
        for either in condition.iterfind("{*}conditionvar/{*}or"):
            number = either.findtext("{*}varequal")
            bounds = [one.text for one in either.iterfind("{*}and/*")]
            assert bounds == [number, number]
            yield number
        yield from (one.text for one in condition.iterfind("{*}conditionvar/{*}varequal"))


@each_quiz
def test_canvas_imports_no_wrong_number_or_text_as_right(quiz):
    for one, item in zip(quiz.posed, canvas(quiz), strict=True):
        if item.find(".//{*}render_choice") is None:
            answers = [*imported_by_canvas(item)]
            assert answers
            assert {marked(one, answer)[0] for answer in answers} == {"right"}


# Gradescope.


def test_gradescope_gives_points_and_remarks(tmp_path):
    quiz = cnncalc.quiz("params", questions=2, seed=7, student="Ada")
    archive = zipfile.ZipFile(io.BytesIO(written("gradescope", quiz)))
    made_on_unix = 3
    permissions = {(info.create_system, info.external_attr >> 16) for info in archive.infolist()}
    assert permissions == {(made_on_unix, 0o755)}
    compile(archive.read("run_autograder"), "run_autograder", "exec")
    key = tmp_path / "key.yaml"
    key.write_bytes(archive.read("key.yaml"))
    handed_in = tmp_path / "submission"
    handed_in.mkdir()
    assert results(handed_in, key)["output"] == "hand in one answer sheet, not 0"
    second = quiz.posed[1].answer
    sheet = f"questions:\n- {{name: 1, answer: 120}}\n- {{name: 2, answer: '{second}'}}\n"
    (handed_in / "answers.yaml").write_text(sheet, encoding="utf-8")
    first, other = results(handed_in, key)["tests"]
    assert (first["score"], first["max_score"]) == (0.5, 1)
    assert first["output"] == "wrong: left out the biases"
    assert (other["score"], other["output"]) == (1, "right")
    (handed_in / "answers.yaml").write_text("questions: 3", encoding="utf-8")
    assert results(handed_in, key)["score"] == 0
    (handed_in / "more.yaml").write_text(sheet, encoding="utf-8")
    assert results(handed_in, key)["output"] == "hand in one answer sheet, not 2"


def test_gradescope_ignores_files_that_are_not_sheets(tmp_path):
    key, handed_in = tmp_path / "key.yaml", tmp_path / "submission"
    handed_in.mkdir()
    key.write_text("questions: [{name: a, given: {N: 7, F: 3, S: 3}, ask: stride_legal}]")
    (handed_in / "scan.PDF").write_bytes(b"%PDF")
    refused = results(handed_in, key)["output"]
    assert refused.startswith("'scan.PDF' is not an answer sheet; its extension must be .csv")
    (handed_in / "answers.csv").write_text("question,answer\na,illegal\nb,7\n")
    [test] = results(handed_in, key)["tests"]
    assert (test["name"], test["score"]) == ("a", 1)


def test_the_autograder_runs_with_the_cnncalc_in_its_archive(tmp_path):
    quiz = cnncalc.quiz("params", questions=2, seed=7, student="Ada")
    with zipfile.ZipFile(io.BytesIO(written("gradescope", quiz))) as archive:
        archive.extractall(tmp_path / "source")
    [wheel] = (tmp_path / "source").glob("cnncalc-*-py3-none-any.whl")
    assert f'"/autograder/source/{wheel.name}[xlsx]"' in (tmp_path / "source/setup.sh").read_text()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "venv")
    for folder in ("submission", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "submission/answers.json").write_text('{"questions": [{"name": 1, "answer": 120}]}')
    script = (tmp_path / "source/run_autograder").read_text()
    subprocess.run(
        [sys.executable, "-c", script.replace("/autograder", str(tmp_path))],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "venv")},
        check=True,
    )
    first, second = json.loads((tmp_path / "results/results.json").read_text())["tests"]
    assert (first["score"], first["output"]) == (0.5, "wrong: left out the biases")
    assert (second["score"], second["output"]) == (0, "unanswered")
    assert (tmp_path / "venv/cnncalc/architectures/vgg16.yaml").exists()


def test_the_wheel_lists_the_hash_of_every_file():
    with zipfile.ZipFile(io.BytesIO(_wheel.wheel())) as archive:
        [record] = (name for name in archive.namelist() if name.endswith("RECORD"))
        rows = [row for row in csv.reader(archive.read(record).decode().splitlines()) if row[1]]
        assert {row[0] for row in rows} | {record} == {*archive.namelist()}
        for name, digest, size in rows:
            data = archive.read(name)
            hashed = urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")
            assert (digest, size) == (f"sha256={hashed}", str(len(data)))
        assert len({row[0] for row in rows}) == len(rows)


# nbgrader.


@each_quiz
def test_a_notebook_takes_right_answers_and_explains_wrong_ones(quiz):
    notebook = json.loads(written("nbgrader", quiz))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    cells = {cell["metadata"]["nbgrader"]["grade_id"]: cell["source"] for cell in code}
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for one in quiz.posed:
        names = {}
        exec(cells[f"answer_{one.number}"], names)
        exec(cells[f"test-{one.number}"], names)
        wrong = [str(value) for value in one.mistakes if marked(one, str(value))[0] == "wrong"]
        for answer in wrong[:1]:
            names[f"answer_{one.number}"] = answer
            with pytest.raises(AssertionError, match=r"\w"):
                exec(cells[f"test-{one.number}"], names)


# All of them.


@pytest.mark.parametrize("name", platforms.names())
def test_the_same_quiz_is_the_same_bytes(name):
    one, again = (cnncalc.quiz(questions=3, seed=2, student="Ada & <Eve>") for _ in range(2))
    assert written(name, one) == written(name, again)


@pytest.mark.parametrize("name", platforms.names())
def test_a_student_s_name_is_escaped(name):
    data = written(name, cnncalc.quiz(questions=1, student="<script>x</script> :: {=1}"))
    if data.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = [name for name in archive.namelist() if not name.endswith((".yaml", ".whl"))]
        data = b"".join(map(archive.read, names))
    if name == "gift":  # the title is the rest of a line, and the answers begin below it
        assert data.startswith(b"$CATEGORY: $course$/top/Quiz for <script>x<//script>")
    else:
        assert b"<script>" not in data


def test_quiz_writes_what_platforms_import(tmp_path):
    words = ["quiz", "-n", "2", "--seed", "1", "-o", str(tmp_path)]
    for name in platforms.names():
        words += ["--export", name]
    assert CliRunner().invoke(app, words).exit_code == 0
    files = sorted(path.name for path in (tmp_path / "platforms").iterdir())
    assert files == sorted(f"quiz{platforms.load(name).EXTENSION}" for name in platforms.names())


def test_an_export_needs_a_folder_and_a_known_name():
    for words, why in (
        (["--export", "moodle"], "--export writes files; add a folder for them, as in -o week3"),
        (["--export", "moodel", "-o", "x"], "no platform 'moodel'; did you mean 'moodle'?"),
    ):
        assert why in str(CliRunner().invoke(app, ["quiz", *words]).exception)
