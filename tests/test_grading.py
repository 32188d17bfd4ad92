"""A class: sheets in every format, points, statistics, pages and gradebooks."""

import csv
import io
import json
import os
import re
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import random_sheets
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.core.errors import CnncalcError, SpecError, UsageError
from cnncalc.homework import (
    entries,
    feedback,
    feedback_formats,
    gradebook,
    gradebook_formats,
    marking,
    sheet,
    sheets,
    statistics,
    submissions,
)
from cnncalc.homework.marking import Marker
from cnncalc.homework.scheme import points, scheme
from cnncalc.render import spreadsheet
from cnncalc.spec import text as spec_text

RUNNER = CliRunner()

KEY = """
architecture: alexnet
answers:
  conv1: {shape: , params: }
  pool1: {shape: }
  totals: {params: 62M}
questions:
  - {name: stride, given: {N: 7, F: 3, S: 3}, ask: stride_legal, points: 2}
"""
ADA = """
student: Ada
answers:
  conv1: {shape: 54x54x96, params: 34,848}
  pool1: {shape: 96x26x26}
  totals: {params: ~62M}
  conv9: {shape: 3}
questions: [{name: stride, answer: illegal}]
"""
BOB = """student,=Bob()
layer,shape,params
conv1,96x55x55,"34,944"
pool1,96x27x27,
totals,,62378344
"""
EVE = """
**student:** <Eve>

| layer | quantity | answer |
| --- | --- | --- |
| conv1 | params | `(11*11*3+1)*96` |
| conv1 | shape | 9**9**9 |

| question | answer |
|:---|---|
| stride | yes |
"""
BAD = {
    "bytes.yaml": b"\xff\xfe",
    "syntax.yaml": b"a: [",
    "empty.csv": b"",
    "empty.md": b"no table",
    "other.docx": b"x",
    "list.yaml": b"[1, 2]",
    "nothing.yaml": b"student: X",
}


def run(*words):
    return RUNNER.invoke(cli.app, ["grade", *map(str, words)], prog_name="cnncalc")


@pytest.fixture
def room(tmp_path):
    """A key, three submissions that can be read and seven that cannot."""
    (tmp_path / "key.yaml").write_text(KEY, encoding="utf-8")
    handed_in = tmp_path / "handed_in"
    handed_in.mkdir()
    for name, text in (("ada.yaml", ADA), ("bob.csv", BOB), ("eve.md", EVE)):
        (handed_in / name).write_text(text, encoding="utf-8")
    for name, data in BAD.items():
        (handed_in / name).with_stem(f"{name.replace('.', '_')}").write_bytes(data)
    return tmp_path


@pytest.fixture
def graded(room):
    handed_in = submissions.find([room / "handed_in"])
    return list(gradebook.grade(gradebook.Keys(room / "key.yaml"), handed_in, Marker()))


def by_student(graded):
    return {one.student: one for one in graded}


def test_sheets_in_every_format_get_the_same_marks(graded):
    found = by_student(graded)
    outcomes = {
        name: [mark.outcome.value for mark in found[name].marks]
        for name in ("Ada", "=Bob()", "<Eve>")
    }
    assert outcomes == {
        # conv1 shape and params, pool1 shape from her 54, total, stride, and one not asked for
        "Ada": ["wrong", "wrong", "follows", "right", "right", "unreadable"],
        "=Bob()": ["right", "right", "right", "right", "unanswered"],
        "<Eve>": ["unreadable", "right", "unanswered", "unanswered", "wrong"],
    }


def test_credit_is_full_half_for_a_known_mistake_or_set_by_the_question(graded):
    found = by_student(graded)
    # ½ + ½ for the two slips, 1 carried forward, 1, and 2 for the stride
    assert (found["Ada"].score, found["Ada"].possible) == (5, 6)
    assert (found["=Bob()"].score, found["=Bob()"].possible) == (4, 6)
    assert found["<Eve>"].score == 1


def test_another_scheme_gives_other_points(room):
    other = {"slip": "1/4", "follows": "50%"}
    keys = gradebook.Keys(room / "key.yaml")
    (ada,) = gradebook.grade(keys, submissions.find([room / "handed_in/ada.yaml"]), Marker(), other)
    assert ada.score == Fraction(1, 4) * 2 + Fraction(1, 2) + 1 + 2


def test_an_unreadable_sheet_is_reported_and_the_others_are_graded(graded):
    problems = {one.student: one.problem for one in graded if one.problem}
    assert len(problems) == len(BAD)
    for name, says in {
        "bytes_yaml": "not text in UTF-8",
        "syntax_yaml": "is never closed",
        "empty_csv": "begins with a row that names its columns",
        "empty_md": "begins with a row that names its columns",
        "other_docx": "its extension must be",
        "list_yaml": "needs 'answers' or 'questions'",
        "nothing_yaml": "needs 'answers' or 'questions'",
    }.items():
        assert says in problems[name], name
        assert "\n" not in problems[name]


def test_a_misspelt_key_of_a_sheet_is_named_with_its_place(tmp_path):
    file = tmp_path / "ada.yaml"
    file.write_text("architecture: lenet5\nanswer:\n  c1: {params: 156}\n", encoding="utf-8")
    with pytest.raises(SpecError) as refused:
        cnncalc.grade(file)
    assert str(refused.value) == (
        f"{file}:2:1: an answer sheet has no key 'answer'; did you mean 'answers'?"
    )


def test_statistics_count_outcomes_and_mistakes(graded):
    found = {one.label: one for one in statistics.questions(graded)}
    assert found["conv1 parameters"].outcomes == {"wrong": 1, "right": 2}
    assert found["conv1 parameters"].mistakes == {"bias forgotten": 1}
    assert list(found) == [
        "conv1 shape",
        "conv1 parameters",
        "pool1 shape",
        "total parameters",
        "stride",
    ]


FOUR = {"ada": (1, 1), "bob": (2, 1), "eve": (2, 2), "kim": (2, 2)}
"""The answers of a class to two questions, whose right answer is 2."""


@pytest.fixture
def four(tmp_path):
    padding = "{given: {N: 9, F: 5}, ask: same_padding"
    asked = [f"{{name: {name}, {padding[1:]}" for name in "ab"]
    sheets = {"key.yaml": f"questions: [{asked[0]}, answer: 2}}, {asked[1]}, answer: 2}}]"}
    (tmp_path / "class").mkdir()
    for name, (a, b) in FOUR.items():
        answers = f"questions: [{{name: a, answer: {a}}}, {{name: b, answer: {b}}}]"
        sheets[f"class/{name}.yaml"] = answers
    for name, text in sheets.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_scores_of_a_class_have_a_mean_and_quartiles(four):
    grades = cnncalc.grade([four / "class"], key=four / "key.yaml", credit={"slip": "0"})
    # 0, 50, 100 and 100 per cent.
    assert grades.scores == statistics.Scores(
        mean=62.5, lowest=0, lower_quartile=37.5, median=75, upper_quartile=100, highest=100,
        bins=(1, 0, 0, 0, 0, 1, 0, 0, 0, 2),
    )  # fmt: skip
    # Of (0, 1, 1, 1) and (0, 0, 1, 1): 0.5/√(0.75·1).
    assert [one.discrimination for one in grades.questions] == [0.58, 0.58]


def test_scores_need_somebody_who_could_be_graded(four):
    one = cnncalc.grade([four / "class/ada.yaml"], key=four / "key.yaml")
    assert one.scores.lower_quartile == one.scores.highest == 0
    assert one.questions[0].discrimination is None
    (four / "class/ada.yaml").write_text("questions: [", encoding="utf-8")
    assert cnncalc.grade([four / "class/ada.yaml"], key=four / "key.yaml").scores is None


def test_a_mistake_is_listed_with_those_who_made_it(graded):
    assert statistics.mistakes(graded)["bias forgotten"] == ("Ada",)


def test_the_command_draws_the_distribution(four):
    words = ["grade", str(four / "key.yaml"), str(four / "class"), "--credit", "slip=0"]
    shown = RUNNER.invoke(cli.app, words, prog_name="cnncalc").stdout
    assert f"90–100%  {'█' * 40} 2\n" in shown
    assert f" 50–60%  {'█' * 20} 1\n" in shown
    assert "mean 62.5%, median 75.0%, quartiles 37.5% and 100.0%" in shown
    found = json.loads(RUNNER.invoke(cli.app, [*words, "-f", "json"]).stdout)
    assert found["scores"]["median"] == 75
    assert found["mistakes"] == {}


def test_each_student_may_have_a_key(room):
    keys = room / "keys"
    keys.mkdir()
    (keys / "ada.yaml").write_text(KEY, encoding="utf-8")
    files = submissions.find(room / "handed_in" / name for name in ("ada.yaml", "bob.csv"))
    ada, bob = gradebook.grade(gradebook.Keys(keys), files, Marker())
    assert ada.score == 5
    assert "no key is named 'bob'; the folder has " in bob.problem


@pytest.mark.parametrize(
    ("key", "sent", "graded_with"),
    [
        ("keys/ada.yaml", ["in/bob.yaml"], {"bob": "bob.yaml"}),
        ("keys/ada.yaml", ["in/ada.yaml", "in/bob.yaml", "in/Cy.yaml"], {"bob": "bob.yaml"}),
        ("keys/ada.yaml", ["in/x.yaml"], {"Bob": "bob.yaml"}),  # it says whose it is
        ("keys/ada.yaml", ["in/ada.yaml"], {}),
        ("keys/ada.yaml", ["in/dan.yaml"], {}),  # the file of this name has no answers
        ("keys/ada.yaml", ["in/eve.yaml"], {}),  # the file of this name is no sheet
        ("in/ada.yaml", ["in/bob.yaml", "in/Cy.yaml"], {}),  # the sheets themselves are no keys
        ("keys", ["in/bob.yaml"], {}),
    ],
)
def test_a_student_graded_with_the_key_of_another_is_named(tmp_path, key, sent, graded_with):
    texts = {f"keys/{name}.yaml": KEY for name in ("ada", "bob")}
    texts |= {f"in/{name}.yaml": KEY for name in ("ada", "bob", "Cy", "dan", "eve")}
    texts |= {"keys/dan.yaml": "questions: [{name: 1, answer: }]", "keys/eve.yaml": "[1"}
    texts["in/x.yaml"] = f"student: Bob\n{KEY}"
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = cnncalc.grade([tmp_path / name for name in sent], tmp_path / key)
    assert found.own_keys == {who: tmp_path / "keys" / name for who, name in graded_with.items()}


@pytest.mark.parametrize(
    ("key", "sent", "copied"),
    [
        ("keys/ada.yaml", ["in"], {"ada": "ada.yaml"}),
        ("keys", ["in"], {"ada": "ada.yaml", "bob": "ada.yaml"}),  # two names of a copied key
        ("keys", ["keys"], {"ada": "ada.yaml", "bob": "bob.yaml"}),
    ],
)
def test_a_copy_of_a_key_is_named(tmp_path, key, sent, copied):
    other = KEY.replace("62M", "60M")
    texts = {"keys/ada.yaml": KEY, "keys/bob.yaml": other, "in/ada.yaml": KEY}
    texts["in/bob.yaml"] = KEY if key == "keys" else other
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = cnncalc.grade([tmp_path / name for name in sent], tmp_path / key)
    assert found.copied == {who: tmp_path / "keys" / name for who, name in copied.items()}
    says = run(tmp_path / key, *(tmp_path / name for name in sent)).stderr
    assert says.count("the sheet is a copy of the key") == len(copied)
    assert f"ada: the sheet is a copy of the key {tmp_path / 'keys/ada.yaml'}" in says


def test_grading_with_the_key_of_another_warns(tmp_path):
    for name in ("keys/ada.yaml", "keys/bob.yaml", "keys/cy.yaml", "in/bob.yaml", "in/cy.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{KEY}# of {name}\n", encoding="utf-8")
    key, bob = str(tmp_path / "keys/ada.yaml"), str(tmp_path / "keys/bob.yaml")
    rest = f"give the folder {tmp_path / 'keys'} as the key\n"
    words = ["grade", key, str(tmp_path / "in/bob.yaml")]
    found = CliRunner().invoke(cli.app, words)
    own = f"they have their own key, {bob}; to use it, {rest}"
    assert found.stderr == f"warning: bob: graded with {key} although {own}"
    found = CliRunner().invoke(cli.app, [*words, str(tmp_path / "in/cy.yaml")])
    own = f"they have their own keys, such as {bob}; to use them, {rest}"
    assert found.stderr == f"warning: bob, cy: graded with {key} although {own}"


def test_a_key_is_validated_and_its_answers_are_checked(room):
    (room / "key.yaml").write_text("questions: [{answer: 3}]", encoding="utf-8")
    with pytest.raises(CnncalcError, match="question 1: the question needs 'given' and 'ask'"):
        gradebook.key(room / "key.yaml")
    (room / "key.yaml").write_text(KEY.replace("62M", "61M"), encoding="utf-8")
    (wrong,) = gradebook.wrong_in(gradebook.key(room / "key.yaml"), Marker())
    assert wrong.answer.label == "total parameters"
    warning = run(room / "key.yaml", room / "handed_in/bob.csv").stderr
    said = "the key gives 61M for total parameters, but 62,378,344 is right and is used"
    assert f"key.yaml:6:20: {said}" in warning


def test_the_answers_in_a_folder_of_keys_are_checked_too(room):
    """As when the two folders are swapped."""
    for folder, shape in (("keys", "96x55x55"), ("sent", "96x54x54")):
        (room / folder).mkdir()
        answers = f"architecture: alexnet\nanswers:\n  conv1: {{shape: {shape}}}\n"
        (room / folder / "ada.yaml").write_text(answers, encoding="utf-8")
    assert run(room / "keys", room / "sent").stderr == ""
    said = "the key gives 96x54x54 for conv1 shape, but 96×55×55 is right and is used"
    assert run(room / "sent", room / "keys").stderr == f"{room}/sent/ada.yaml:3:18: {said}\n"
    (row,) = cnncalc.grade([room / "keys"], room / "sent").wrong_in_key
    assert row.answer.given == "96x54x54"


def test_an_answer_sheet_in_place_of_a_key_is_refused(room):
    sent = room / "sent.yaml"
    sent.write_text("questions: [{name: a, answer: 3}]", encoding="utf-8")
    help = "give the key before the answer sheets"
    assert run(sent, room / "key.yaml").exception.sentence.endswith(help)


def test_an_answer_without_a_quantity_is_reported_with_or_without_a_key(tmp_path):
    sent, key = tmp_path / "sent.yaml", tmp_path / "key.yaml"
    head = "architecture: alexnet\nanswers:\n"
    sent.write_text(f"{head}  pool1: 26x26x96\n  Conv2d no. 1: 3\n  pool2:\n", encoding="utf-8")
    key.write_text(f"{head}  pool1: {{shape: }}\n", encoding="utf-8")
    for answers, empty in ((cnncalc.grade(sent), 1), (cnncalc.grade([sent], key), 0)):
        rows = [row for row in answers[0].answers if row["outcome"] == "unreadable"]
        assert [(row["question"], row["answer"]) for row in rows[:2]] == [
            ("pool1", "26x26x96"), ("conv1", "3")
        ]  # fmt: skip
        assert rows[0]["remark"] == "needs a quantity, as in pool1: {shape: …}"
        assert len(rows) == 2 + empty


@pytest.mark.parametrize(
    ("heading", "remark"),
    [
        ("pool1 shape", "must be written as pool1: {shape: …}"),
        ("pool1 receptive field", "must be written as pool1: {receptive field: …}"),
        ("pool9 shape", "'pool9 shape' is not a layer of the network; it has conv1, relu1, "),
        ("pool1 colour", "'pool1 colour' is not a layer of the network; it has conv1, relu1, "),
    ],
)
def test_a_layer_and_its_quantity_in_one_heading_are_reported(heading, remark):
    [graded] = cnncalc.grade({"architecture": "alexnet", "answers": {heading: "96x27x27"}})
    assert graded.answers[0]["remark"].startswith(remark)


def test_an_answer_written_as_the_report_says_is_understood():
    answers = {"pool1": {"receptive field": 19, "shape": "96x27x27"}}
    [graded] = cnncalc.grade({"architecture": "alexnet", "answers": answers})
    assert [row["outcome"] for row in graded.answers] == ["right", "right"]


def test_answers_to_free_standing_questions_may_be_written_like_those_of_layers(tmp_path):
    question = "{given: {conv: {filters: 10, kernel: 5}, input: 3x32x32}, ask: params, name: '1'}"
    (tmp_path / "key.yaml").write_text(f"questions: [{question}]", encoding="utf-8")
    (tmp_path / "sent.yaml").write_text("answers: {1: 760, 2: 5}", encoding="utf-8")
    (graded,) = cnncalc.grade([tmp_path / "sent.yaml"], tmp_path / "key.yaml")
    first, second = graded.answers
    assert (first["outcome"], second["remark"]) == ("right", "was not asked")


def test_an_invalid_question_with_a_bare_number_is_called_a_question(tmp_path):
    question = "{given: {conv: {filter: 10, kernel: 5}, input: 3x32x32}, ask: params, name: '1'}"
    (tmp_path / "key.yaml").write_text(f"questions: [{question}]", encoding="utf-8")
    with pytest.raises(CnncalcError, match=":1:13: question 1: conv has no field 'filter'"):
        gradebook.key(tmp_path / "key.yaml")


def test_a_submission_cannot_make_a_file_be_read(room):
    (room / "handed_in/ada.yaml").write_text(
        f"architecture: {room}/secret.yaml\n{ADA}", encoding="utf-8"
    )
    keys = gradebook.Keys(room / "key.yaml")
    (ada,) = gradebook.grade(keys, submissions.find([room / "handed_in/ada.yaml"]), Marker())
    assert ada.score == 5


# The forms of sheets.


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "layer\nconv1\n", "begins with a row"),
        ("a.csv", "layer,shape\n", "the table has no answers below its headings"),
        ("a.csv", "conv1,shape\n1,2\n", "begins with a row"),
        ("a.csv", "layer,quantity,answer\nc,shape,1\nc,shape,2\n", "c shape is answered twice"),
        ("a.csv", 'layer,shape\n"' + "x" * 200_000, "field larger than field limit"),
        ("a.md", "|layer|shape|\n|-|-|\n" + "|a|b|\n" * 60_000, "more than 50,000 cells"),
        ("a.csv", "layer,shape\nconv1\0,3\n", "null byte"),
    ],
)
def test_invalid_tables_are_refused(tmp_path, name, text, says):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=says):
        sheets.read(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text", "given"),
    [
        ("a.csv", "layer,quantity,answer\nc1,params,34,848\n", ["34,848"]),
        ("a.csv", "layer,quantity,answer\nc1,params,1,234,567\nc3,params,9\n", ["1,234,567", "9"]),
        ("a.csv", "layer,quantity,answer\nc1,shape,6,28,28\n", ["6,28,28"]),
        ("a.csv", "question,answer\n1,61,706,,\n2,7\n", ["61,706", "7"]),
        ("a.csv", "question,answer\n1,7,not sure\n", ["7"]),
        ("a.csv", 'question,answer\n1,"61,706"\n', ["61,706"]),
        ("a.md", "|question|answer|\n|-|-|\n|1|6|28|28|\n", ["6|28|28"]),
    ],
)
def test_a_number_cut_at_its_commas_is_put_together(tmp_path, name, text, given):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [answer.given for answer in sheet.load(tmp_path / name).answers] == given


@pytest.mark.parametrize(
    "row", ["c1,34,848,6x28x28", "c1,34,6,28,28", "Total params,489,417,,", "c1,34,848,105"]
)
def test_a_cut_number_that_could_be_in_two_columns_is_refused(tmp_path, row):
    (tmp_path / "a.csv").write_text(f"layer,params,macs\n{row}\n".replace(",,", ",7,8"))
    with pytest.raises(SpecError, match="cells under 3 headings; give every column a heading; "):
        sheet.load(tmp_path / "a.csv")


def test_a_name_with_a_comma_is_read_whole(tmp_path):
    (tmp_path / "a.csv").write_text("student,Lovelace, Ada,,\nquestion,answer\n1,7\n")
    assert sheet.load(tmp_path / "a.csv").student == "Lovelace, Ada"


@pytest.mark.parametrize(("name", "line"), [("a.md", "|\n"), ("a.csv", ";"), ("a.csv", "\n")])
def test_a_very_long_table_is_refused(tmp_path, name, line):
    (tmp_path / name).write_text("layer,shape\n" + line * 1_000_000)
    with pytest.raises(SpecError, match="is longer than 1,000,000 characters"):
        sheet.load(tmp_path / name)


@pytest.mark.parametrize("names", [("ada.yaml", "ada.csv"), ("x y.md", "x y.yml")])
def test_two_keys_of_one_name_are_refused(tmp_path, names):
    keys = tmp_path / "keys"
    keys.mkdir()
    for name in (*names, "bob.yaml"):
        (keys / name).write_text(KEY, encoding="utf-8")
    (tmp_path / "ada.yaml").write_text(KEY, encoding="utf-8")
    with pytest.raises(UsageError, match=f"{min(names)}.*{max(names)}.*have the same name"):
        cnncalc.grade(tmp_path / "ada.yaml", keys)


def test_a_folder_with_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_FILES", 3)
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/ada.yaml").touch()
    (tmp_path / "bob.yaml").touch()
    with pytest.raises(
        UsageError, match="more than 3 files and folders; name the folder of one class"
    ):
        submissions.find([tmp_path])
    assert [one.handle for one in submissions.find([tmp_path / "a"])] == ["ada"]


def test_many_files_of_one_name_get_numbers_in_turn():
    files = [(Path(f"/in/x{n % 2}/{n}/x/a.py"), Path("/in")) for n in range(4)]
    files += [(file.with_name("b.py"), root) for file, root in files]
    expected = [f"x-{letter}-{number}" for letter in "ab" for number in range(1, 5)]
    assert sorted(submissions.handles(files)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "architecture: lenet5\nanswers:\n"
        + "".join(f"  c{n}: {{shape: 1, params: 2}}\n" for n in range(251)),
        "questions:\n" + "- {name: 1, answer: 7}\n" * 501,
        "answers: {c1: {params: 1}, c3: 2}\nquestions:\n" + "- answer: 7\n" * 499,
    ],
)
def test_a_sheet_with_too_many_answers_is_refused(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=r"contains 50[12] answers, more than 500"):
        sheet.load(tmp_path / "a.yaml")


def test_the_mistakes_of_so_many_answers_are_looked_for(monkeypatch):
    # LeNet-5's c1 has (5·5·1 + 1)·6 = 156 parameters, 150 without the biases.
    monkeypatch.setattr(marking, "MAX_DIAGNOSED", 2)
    questions = [
        {"given": {"architecture": "lenet5", "layer": "c1"}, "ask": "params", "answer": answer}
        for answer in (150, 156, 150, 150, 156)
    ]
    marks = cnncalc.grade({"questions": questions})[0].marks
    assert [mark.outcome.value for mark in marks] == ["wrong", "right", "wrong", "wrong", "right"]
    assert [len(mark.diagnoses) for mark in marks] == [1, 0, 1, 0, 0]
    assert feedback.remark(marks[2]) == "left out the biases"
    assert feedback.remark(marks[3]) == "incorrect; only the first 2 wrong answers are explained"


def test_fewer_wrong_answers_about_a_large_network_are_explained():
    # 1,300 layers count 26 times, so four answers use up 100. Without 8 biases, 584 − 8 = 576.
    conv = {"conv": {"filters": 8, "kernel": 3, "padding": 1}, "name": "c", "repeat": 1_300}
    many = {"input": "8x3x3", "layers": [conv]}
    answers = {f"c.{n}": {"params": 576} for n in range(6)}
    marks = cnncalc.grade({"architecture": many, "answers": answers})[0].marks
    assert [len(mark.diagnoses) for mark in marks] == [1, 1, 1, 1, 0, 0]
    assert feedback.remark(marks[5]) == "incorrect; only the first 4 wrong answers are explained"


def test_questions_after_too_many_layers_are_not_read(monkeypatch):
    monkeypatch.setattr(sheet, "MAX_LAYERS", 50)
    asked = [
        {"given": {"layers": [{"relu": None, "repeat": n}], "input": "3x8x8"}, "ask": "macs"}
        for n in (30, 40, 1)
    ]
    same = {"given": {"architecture": "lenet5", "layer": "c1"}, "ask": "params", "answer": 156}
    marks = cnncalc.grade({"questions": [*[same] * 9, *({**one, "answer": 0} for one in asked)]})
    values = [mark.outcome.value for mark in marks[0].marks]
    assert values == ["right"] * 11 + ["unreadable"]
    assert (
        feedback.remark(marks[0].marks[-1])
        == "the networks of earlier questions have more than 50 layers; move this question to "
        "another sheet"
    )


@pytest.mark.parametrize(
    ("layer", "shape", "without_strides"),
    # Without strides, each window adds one less than its size: 1 + 10 + 2 + 4, then + 2 + 2.
    [("conv2", "256x13x13", 17), ("conv3", "384x27x27", 21)],
)
def test_a_receptive_field_does_not_follow_from_an_output_shape(layer, shape, without_strides):
    answers = {layer: {"shape": shape, "rf": without_strides}}
    marks = cnncalc.grade({"architecture": "alexnet", "answers": answers})[0].marks
    assert [mark.outcome.value for mark in marks] == ["wrong", "wrong"]


def test_semicolons_headers_and_bars_are_understood(tmp_path):
    (tmp_path / "a.csv").write_text(
        "Student;Zoë\narchitecture;lenet5\nLayer;Shape;Params\nc1;6x28x28;156\n;;\n",
        encoding="utf-8",
    )
    read = sheet.load(tmp_path / "a.csv")
    assert read.student == "Zoë"
    assert [answer.label for answer in read.answers] == ["c1 shape", "c1 parameters"]
    (tmp_path / "a.md").write_text(
        "# architecture: lenet5\n\n| layer | shape |\n|---|---|\n| c1 | 6\\|28 |\n| c3 | |\n",
        encoding="utf-8",
    )
    given = [answer.given for answer in sheet.load(tmp_path / "a.md").answers]
    assert given == ["6|28", None]


# A small network by hand: (3·3·3 + 1)·4 = 112, (2·2·4 + 1)·6 = 102 and (6·3·3 + 1)·5 = 275
# parameters, 489 in all; the maps are 4×8×8, 4×4×4 and 6×3×3.
SMALL = """
architecture:
  input: 3x8x8
  layers:
    - {conv: {filters: 4, kernel: 3, padding: same}, name: conv1}
    - {max_pool: 2, name: pool1}
    - {conv: {filters: 6, kernel: 2}, name: conv_2}
    - {linear: 5, name: fc}
answers:
  conv1: {shape: , params: }
  pool1: {elements: }
  conv_2: {params: }
  fc: {params: }
  totals: {params: }
"""
KERAS_CSV = """Layer (type),Output Shape,Param #,Connected to
input_1 (InputLayer),"(None, 8, 8, 3)",0,
conv1 (Conv2D),"(None, 8, 8, 4)",112,input_1[0][0]
conv_2 (Conv2D),,102,pool1[0][0]
fc (Dense),,275,conv_2[0][0]
Total params: 1,489
Trainable params: 489,
Non-trainable params: 1,000
"""
KERAS_DRAWN = """student: Ada

Model: "sequential"
┏━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ Layer (type)    ┃ Output Shape      ┃ Param # ┃
┡━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ conv1 (Conv2D)  │ (None, 8, 8, 4)   │     108 │
├─────────────────┼───────────────────┼─────────┤
│ conv-2 (Conv2D) │                   │     102 │
└─────────────────┴───────────────────┴─────────┘
 Total params: 489 (1.91 KB)
 Non-trainable params: 0 (0.00 B)
"""
COURSE = """
|  | Activation shape | Activation Size | # parameters |
|---|---|---|---|
| INPUT | (8,8,3) | 192 | 0 |
| CONV1 (f=3, s=1) | (8,8,4) | | 112 |
| POOL1 | | 64 | |
| Conv2 (f=2) | | | 102 |
| FC | | | 275 |
| Total params | | | 489 |
"""


DESCRIBED = """
| Layer type | Kernel size | Stride | # filters | Output size | #Params |
|---|---|---|---|---|---|
| Input | - | - | - | 8x8x3 | 0 |
| Conv1 | 3x3 | 1 | 4 | 8x8x4 | 112 |
| Conv_2 | 2x2 | 1 | 6 | | 102 |
| FC | | | 5 | | 276 |
| **Total** | | | | | 489 |
"""


@pytest.mark.parametrize(
    ("name", "text", "outcomes"),
    [
        ("a.csv", KERAS_CSV, "right right unanswered right right right"),
        ("a.md", KERAS_DRAWN, "right wrong unanswered right unanswered right"),
        ("a.md", COURSE, "right right right right right right"),
        ("a.md", DESCRIBED, "right right unanswered right wrong right"),
    ],
)
def test_tables_as_tools_and_courses_print_them_are_read(tmp_path, name, text, outcomes):
    (tmp_path / "key.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    key = gradebook.key(tmp_path / "key.yaml")
    marks = Marker().sheet(sheet.load(tmp_path / name, key)).marks
    assert [mark.outcome.value for mark in marks] == outcomes.split()


def test_columns_that_describe_a_layer_are_not_answers(tmp_path):
    (tmp_path / "a.csv").write_text(
        "architecture,lenet5\nlayer,filters,stride,params\nc1,6,1,156\n", encoding="utf-8"
    )
    # Under a plain 'layer', a stride may be an answer.
    labels = [answer.label for answer in sheet.load(tmp_path / "a.csv").answers]
    assert labels == ["c1 required stride", "c1 parameters"]


def test_a_table_of_a_tool_may_name_its_own_network(tmp_path):
    (tmp_path / "a.csv").write_text(
        "architecture,lenet5\nLayer (type),Param #\nc1 (Conv2D),156\nc3 (Conv2D),2416\n",
        encoding="utf-8",
    )
    read = sheet.load(tmp_path / "a.csv")
    assert [answer.label for answer in read.answers] == ["c1 parameters", "c3 parameters"]
    assert not any(answer.problem for answer in read.answers)


def test_remarks_in_brackets_tell_layers_apart_where_they_must(tmp_path):
    (tmp_path / "key.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "a.csv").write_text(
        "layer,params\nconv1 (first),112\nconv1 (second),113\n", encoding="utf-8"
    )
    answers = sheet.load(tmp_path / "a.csv", gradebook.key(tmp_path / "key.yaml")).answers
    assert {answer.given for answer in answers if answer.question} == {None}
    problem = "one of several answers that could mean conv1 parameters"
    assert [answer.problem for answer in answers if not answer.question] == [problem] * 2


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ('"Total params: 489"', "489"),
        ("Total params: 4,489,012 (17.1 MB)", "4,489,012 (17.1 MB)"),
        ("Total params:,,489", "489"),
        ("total parameters = 489", "489"),
        ("Total params: 489,,417", None),  # a row that is not a layer
        ("Total params:", None),
        ("Total paramsters: 489", None),
    ],
)
def test_totals_below_a_table_are_read(tmp_path, row, answer):
    (tmp_path / "a.csv").write_text(
        f"architecture,lenet5\nlayer,params\nc1,156\n{row}\n", encoding="utf-8"
    )
    totals = [one for one in sheet.load(tmp_path / "a.csv").answers if one.label.startswith("tot")]
    assert [one.given for one in totals] == [answer] * (answer is not None)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("0.5", Fraction(1, 2)),
        (".5", Fraction(1, 2)),
        ("0.3333333", Fraction(3_333_333, 10_000_000)),
        ("1e-3", Fraction(1, 1000)),
        ("1/4", Fraction(1, 4)),
        ("5%", Fraction(1, 20)),
        ("0", Fraction(0)),
    ],
)
def test_fractions_of_points_are_read(given, part):
    assert entries.part_of(given) == part


@pytest.mark.parametrize("given", ["", "x", "-1", "1e9", "1/0", "0.5/2", ".", "9" * 30, "nan"])
def test_invalid_fractions_of_points_are_refused(given):
    assert entries.part_of(given) is None


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("points: -1", "points must be a number from 0 to 10,000, such as 0.5 or 50%, not '-1'"),
        ("tolerance: 2", "tolerance must be a number from 0 to 1, such as 0.5 or 50%, not '2'"),
        ("tolerance: big", "not 'big'"),
    ],
)
def test_invalid_points_and_tolerances_are_refused(tmp_path, key, says):
    (tmp_path / "key.yaml").write_text(
        f"questions: [{{given: {{linear: 1, input: 2}}, ask: params, {key}}}]", encoding="utf-8"
    )
    with pytest.raises(CnncalcError, match=says):
        gradebook.key(tmp_path / "key.yaml")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"slp": "1"}, "no outcome 'slp'; did you mean 'slip'"),
        ({"slip": "2"}, "credit for 'slip' must be a fraction from 0 to 1, such as 0.5 or 50%"),
        ({"slip": "half"}, "not 'half'"),
    ],
)
def test_an_invalid_scheme_is_refused(given, says):
    with pytest.raises(UsageError, match=says):
        scheme(given)


def test_points_are_printed_briefly():
    assert [points(Fraction(n, 3)) for n in (0, 3, 4)] == ["0", "1", "1.33"]


# What is written.


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_a_gradebook_never_holds_a_formula(graded):
    texts = [*gradebook_formats.load("csv").write(graded, "hw").values()]
    texts += gradebook_formats.load("canvas").write(graded, "hw").values()
    cells = [cell for text in texts for row in rows(text) for cell in row]
    assert "'=Bob()" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_the_gradebook_has_points_by_question(graded):
    (text,) = gradebook_formats.load("csv").write(graded, "hw").values()
    found = {row[0]: row for row in rows(text)}
    assert found["student"][2:7] == ["points", "possible", "conv1 shape", "conv1 parameters", "pool1 shape"]  # fmt: skip  # noqa: E501
    assert found["Ada"][2:9] == ["5", "6", "0.5", "0.5", "1", "1", "2"]
    assert found["bytes_yaml"][2:4] == ["", ""]
    assert "UTF-8" in found["bytes_yaml"][-1]


def test_moodle_gets_grades_and_feedback_by_id(graded):
    ((name, text),) = gradebook_formats.load("moodle").write(graded, "hw").items()
    found = {row[0]: row for row in rows(text)}
    assert name == "hw.csv"
    assert found["ID number"] == ["ID number", "hw", "hw feedback"]
    assert found["ada"][1] == "5"
    assert "left out the biases" in found["ada"][2]
    assert found["bytes_yaml"][1] == ""


def test_canvas_has_its_columns_and_the_points_possible(graded):
    ((_, text),) = gradebook_formats.load("canvas").write(graded, "hw").items()
    head, possible, *students = rows(text)
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "hw"]
    assert possible[0].strip() == "Points Possible"
    assert possible[-1] == "6"
    assert ["Ada", "", "", "ada", "", "5"] in students


def test_gradescope_gets_one_file_per_student(graded):
    texts = gradebook_formats.load("gradescope").write(graded, "hw")
    ada = json.loads(texts["ada.results.json"])
    assert ada["score"] == 5
    scores = {test["name"]: (test["score"], test["max_score"]) for test in ada["tests"]}
    assert scores["stride"] == (2, 2)
    assert scores["conv1 shape"] == (0.5, 1)
    statuses = {test["name"]: test["status"] for test in ada["tests"]}
    assert (statuses["stride"], statuses["conv1 shape"]) == ("passed", "failed")
    assert json.loads(texts["bytes_yaml.results.json"])["score"] == 0
    alone = gradebook_formats.load("gradescope").write(graded[:1], "hw")
    assert list(alone) == ["results.json"]


def test_gradescope_gets_answers_to_no_question():
    sent = {"architecture": "alexnet", "answers": {"conv9": {"shape": "1x2x3"}, "pool1": "x"}}
    texts = gradebook_formats.load("gradescope").write(cnncalc.grade(sent), "hw")
    results = json.loads(texts["results.json"])
    assert results["tests"] == []
    first, second = results["output"].splitlines()
    assert first.startswith("conv9: 'conv9' is not a layer of the network")
    assert second.startswith("pool1: ")


@pytest.mark.parametrize("name", feedback_formats.names())
def test_a_page_shows_the_points_the_mistake_and_the_solution(graded, name):
    found = by_student(graded)
    text = feedback_formats.load(name).write(found["Ada"])
    assert "5 of 6 points" in text
    assert "left out the biases" in text
    typeset = re.sub(r"<[^>]*>|\s", "", text)  # in HTML, equations are MathML
    assert "11·11·3·96=34,848" in typeset
    assert "34,848+96=34,944" in typeset
    eve = feedback_formats.load(name).write(found["<Eve>"])
    assert "<Eve>" not in eve.replace("\\<Eve\\>", "")
    unread = feedback_formats.load(name).write(found["bytes_yaml"])
    assert "could not be graded" in unread.replace("\\_", "_")


# The command.


def test_the_command_shows_a_class(room):
    submissions = sorted((room / "handed_in").iterdir())
    result = run(room / "key.yaml", *submissions)
    assert result.exit_code == 1  # some could not be read
    assert "bias forgotten 1×" in result.stdout
    assert run(room / "key.yaml", room / "handed_in").stdout == result.stdout
    good = [path for path in submissions if path.name in ("ada.yaml", "bob.csv", "eve.md")]
    assert run(room / "key.yaml", *good).exit_code == 0
    shown = run(room / "key.yaml", *good, "--all").stdout
    said = "Ada: 2 of 5 answers are right, 5 of 6 points; 1 other row could not be graded\n"
    assert said in shown


def test_the_command_writes_a_class_as_data(room):
    good = [room / "handed_in" / name for name in ("ada.yaml", "bob.csv")]
    found = json.loads(run(room / "key.yaml", *good, "-f", "json").stdout)
    assert [one["student"] for one in found["students"]] == ["Ada", "=Bob()"]
    assert found["students"][0]["answers"][1]["remark"] == "left out the biases"
    assert found["questions"][1]["mistakes"] == {"bias forgotten": 1}
    listed = rows(run(room / "key.yaml", *good, "-f", "csv").stdout)
    assert listed[1][:3] == ["Ada", "5", "6"]


def test_a_single_sheet_is_graded(room):
    alone = room / "ada.yaml"
    alone.write_text(f"architecture: alexnet\n{ADA.replace('questions', '# ')}", encoding="utf-8")
    result = run(alone)
    assert result.exit_code == 1
    assert "conv9" in result.stdout
    assert "is not a layer of the network" in result.stdout
    record = json.loads(run(alone, "-f", "json").stdout)[1]
    assert record["points"] == "0.5"


def test_one_right_answer_is_counted_in_the_singular(tmp_path):
    """4·(3·3·3 + 1) = 112 parameters, and (5 - 3)/1 + 1 = 3."""
    sheet = tmp_path / "eve.yaml"
    for shape, summary in (
        ("4x9x9", "eve: 1 of 2 answers is right, 1 of 2 points"),
        ("4x3x3", "eve: 2 of 2 answers are right, 2 of 2 points"),
    ):
        conv = "given: {conv: {filters: 4, kernel: 3}, input: 3x5x5}"
        first = f"{{{conv}, ask: parameters, answer: 112}}"
        second = f"{{{conv}, ask: shape, answer: {shape}}}"
        sheet.write_text(f"questions: [{first}, {second}]", encoding="utf-8")
        assert summary in run(sheet).stdout
    sheet.write_text(f"questions: [{second}]", encoding="utf-8")
    assert "eve: 1 of 1 answer is right, 1 of 1 point\n" in run(sheet).stdout
    sheet.write_text(f"questions: [{second.replace('4x3x3', '5')}]", encoding="utf-8")
    assert "eve: 0 of 1 answer is right, 0 of 1 point\n" in run(sheet).stdout


def test_a_sheet_without_a_readable_answer_has_no_points(tmp_path):
    sheet = tmp_path / "eve.yaml"
    sheet.write_text("architecture: alexnet\nanswers: {conv1: {shape: big}, conf9: {shape: 3}}")
    assert run(sheet).stdout.endswith("\neve: nothing could be graded\n")


def test_pages_and_gradebooks_are_written(room):
    good = [room / "handed_in" / name for name in ("ada.yaml", "bob.csv")]
    words = [
        "--feedback",
        room / "pages",
        "--page",
        "html",
        "--export",
        "csv",
        "--export",
        "canvas",
    ]
    result = run(room / "key.yaml", *good, *words, "-o", room / "grades", "--name", "week3")
    assert result.exit_code == 0
    assert "wrote 2 files" in result.stderr
    assert (room / "pages/ada.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (room / "grades/csv/week3.csv").is_file()
    assert (room / "grades/canvas/week3.csv").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ROOM/key.yaml", "ROOM/missing"], "no file or folder"),
        (["ROOM/key.yaml", "ROOM/handed_in", "ROOM/missing.yaml"], "no file or folder"),
        (["missing.yaml"], "no file 'missing.yaml'"),
        (["ROOM/handed_in"], "there are no sheets to grade besides the key"),
        (["ROOM", "ROOM/handed_in", "--name", "a/b"], "printable text without / or \\, not 'a/b'"),
        (["ROOM/key.yaml", "--name", ""], "becomes part of file names, so it must be printable"),
        ([".."], "the files cannot be named after '..'; give --name"),
        (
            ["ROOM/empty", "ROOM/handed_in"],
            "no keys; name the folder that contains them",
        ),
        (["ROOM/key.yaml", "ROOM/key.yaml"], "there are no sheets to grade besides the key"),
        (["ROOM/key.yaml", "--tolerance", "2"], "the tolerance must be a fraction from 0 to 1"),
        (["ROOM/key.yaml", "--credit", "slip"], "--credit takes NAME=VALUE"),
        (["ROOM/key.yaml", "--format", "jsn"], "did you mean 'json'"),
        (["ROOM/key.yaml", "--export", "moodl"], "no gradebook 'moodl'; did you mean 'moodle'?"),
        (["ROOM/key.yaml", "--feedback", "ROOM/key.yaml"], "cannot write"),
        (["ROOM/key.yaml", "--feedback", "ROOM/x", "--page", "pdf"], "no page format 'pdf'"),
        (["ROOM/key.yaml", "--page", "html"], "--page has no effect without --feedback"),
    ],
)
def test_invalid_submissions_are_refused(room, words, says):
    (room / "empty/inner").mkdir(parents=True)
    result = run(*(word.replace("ROOM", str(room)) for word in words))
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


# The network and the questions of a sheet.


def sheet_of(source):
    return sheet.read(spec_text.read(source, "a.yaml"))


def outcomes(source):
    marks = Marker().sheet(sheet_of(source)).marks
    return {mark.answer.label: mark.outcome.value for mark in marks}


NETWORK = (
    "{input: 1x28x28, layers: [{conv: {filters: 20, kernel: 5}}, {max_pool: 2}, {linear: 10}]}"
)


@pytest.mark.parametrize(
    "architecture",
    [
        "architecture: 1x28x28-20C5-MP2-10N",
        "{architecture: 20C5-MP2-10N, input: 1x28x28}",
        "{architecture: 20C5-MP2-10N, input: [1, 28, 28]}",
        f"architecture: {NETWORK}",
        "{architecture: [{conv: {filters: 20, kernel: 5}}, {max_pool: 2}, {linear: 10}], "
        "input: 1x28x28}",
        f"{{architecture: {NETWORK.replace('28x28', '32x32')}, input: 1x28x28}}",
        "architecture: FILE",
        "{architecture: FILE, input: 1x28x28}",
    ],
)
def test_a_key_names_its_network_in_any_form(tmp_path, architecture):
    (tmp_path / "net.yaml").write_text(NETWORK, encoding="utf-8")
    source = architecture.replace("FILE", str(tmp_path / "net.yaml")).removeprefix("{")
    source = source.removesuffix("}") if architecture.startswith("{") else source
    answers = "{conv1: {params: 520}, totals: {params: 29,330}}"  # 520 + (20·12·12 + 1)·10
    assert set(outcomes(f"{{{source}, answers: {answers}}}").values()) == {"right"}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{architecture: {layers: [conv]}, answers: {}}", "a.yaml:1:16: a spec needs 'input'"),
        ("{architecture: [conv: 3], input: 3x9x9, answers: {}}", "a.yaml:1:17: conv needs"),
        ("{architecture: vgg61, answers: {}}", "a.yaml:1:16: no file or built-in"),
        ("{architecture: 20C5, answers: {}}", "a.yaml:1:16: no file or built-in"),
        (
            "{architecture: vgg16, input: 3x2x2, answers: {}}",
            "VGG-16 does not take an input of 3×2×2",
        ),
        ("{architecture: 3, answers: {}}", "a network must be a mapping, not 3"),
        (
            "{architecture: vgg16, batch: many, answers: {}}",
            "the batch size must be a whole number",
        ),
        ("!!python/object:os.system {}", "YAML tags are not supported"),
        ("answers: {}\n---\nanswers: {}", "a.yaml:3:1: expected a single YAML document"),
        ("credit: 5\nanswers: {}", "'credit' must be a mapping, not 5"),
    ],
)
def test_errors_in_a_sheet_have_locations(source, says):
    with pytest.raises(CnncalcError) as refused:
        sheet_of(source)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("architecture", "entry", "says"),
    [
        ("alexnet", "batch: x", "2:8: the batch size must be a whole number of at least 1"),
        ("alexnet", "dtype: f32", "2:8: no dtype 'f32'"),
        ("alexnet", "input: 3x32xx32", "2:8: a shape must be whole numbers joined by x"),
        ("alexnet", "input: 32", "2:8: AlexNet needs an input with 3 dimensions"),
        (NETWORK, "input: {a: 3}", "2:8: the network has no input 'a'"),
        ("20C5-MP2", "input: 3x32xx32", "2:8: a shape must be whole numbers joined by x"),
        ("20C5-MP2", "input: {a: 3}", "1:15: no file or built-in network '20C5-MP2'"),
        ("alexnte", "input: 3x227x227", "1:15: no file or built-in network 'alexnte'"),
    ],
)
def test_the_entry_that_is_wrong_is_located(architecture, entry, says):
    with pytest.raises(CnncalcError) as refused:
        sheet_of(f"architecture: {architecture}\n{entry}\nanswers: {{}}")
    assert str(refused.value).startswith(f"a.yaml:{says}")


def test_answers_by_layer_have_points_and_tolerances():
    read = sheet_of(
        "{architecture: alexnet, credit: {slip: 3/4}, answers: {"
        "conv1: {params: {answer: 34848, points: 4}, shape: {points: 0}},"
        "totals: {params: {answer: 61.5M, tolerance: 2%}, macs: {pionts: 2}}}}"
    )
    graded = gradebook.graded(Marker().sheet(read))
    assert [mark.outcome.value for mark in graded.marks] == [
        "wrong", "unanswered", "right", "unreadable"
    ]  # fmt: skip
    assert (graded.score, graded.possible) == (4, 5)  # ¾ of 4 for the slip, and 1
    assert "did you mean 'points'" in graded.marks[-1].why


def test_the_key_s_credit_is_the_default(room):
    (room / "key.yaml").write_text(f"credit: {{slip: 1/4}}\n{KEY}", encoding="utf-8")
    keys, ada = gradebook.Keys(room / "key.yaml"), room / "handed_in/ada.yaml"
    ada.write_text(f"credit: {{slip: 1}}\n{ADA}", encoding="utf-8")  # which must be ignored
    (graded,) = gradebook.grade(keys, submissions.find([ada]), Marker())
    assert graded.score == Fraction(1, 4) * 2 + 4
    (graded,) = gradebook.grade(keys, submissions.find([ada]), Marker(), {"slip": "0.5"})
    assert graded.score == 5
    (room / "key.yaml").write_text(f"credit: {{slop: 1/4}}\n{KEY}", encoding="utf-8")
    with pytest.raises(UsageError, match="no outcome 'slop'; did you mean 'slip'"):
        gradebook.key(room / "key.yaml")


@pytest.mark.parametrize("given", ["b", "B", "(b)", "b.", "B) 280", "280"])
def test_a_choice_is_read_by_its_letter(given):
    question = "given: {conv: {filters: 10, kernel: 3}, input: 3x4x4}, ask: params"
    found = outcomes(f"questions: [{{{question}, choices: [270, 280, 90], answer: '{given}'}}]")
    assert found == {"question 1": "right"}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("C", "right"),
        ("c", "right"),
        ("a", "right"),
        ("W", "wrong"),
        ("H", "wrong"),
        ("b", "wrong"),
    ],
)
def test_a_choice_that_is_itself_a_letter_is_read_as_written(tmp_path, answer, outcome):
    key, ada = tmp_path / "key.yaml", tmp_path / "ada.yaml"
    key.write_text("questions: [{name: axis, choices: [C, H, W], answer: C}]", encoding="utf-8")
    ada.write_text(f"answers: {{axis: {answer}}}", encoding="utf-8")
    (graded,) = cnncalc.grade([ada], key=key)
    assert [mark["outcome"] for mark in graded.answers] == [outcome]


def test_a_wrong_verdict_is_shown_with_the_arithmetic():
    read = sheet_of("questions: [{given: {N: 7, F: 3, S: 3}, ask: stride_legal, answer: legal}]")
    (mark,) = Marker().sheet(read).marks
    sum = "(N − F)/S + 1 = (7 − 3)/3 + 1 = 2.33"
    assert mark.why == f"it is illegal because 3 does not divide 4: {sum}"


@pytest.mark.parametrize("name", ["name: {a: 1}", "name: [1]", "ask: {a: 1}", "ask: "])
def test_names_and_quantities_must_be_text(name):
    (answer,) = sheet_of(f"questions: [{{given: {{N: 7, F: 3}}, {name}}}]").answers
    assert "Item" not in answer.label + answer.problem
    assert answer.question is None


# What students write around their answers.


@pytest.mark.parametrize(
    ("layer", "quantity"),
    [
        ("conv1", "params"),
        ("Conv1", "Params"),
        ("CONV 1", "Number of parameters"),
        ("conv_1", "# of params"),
        ("Conv-1", "#params"),
        ("conv1", "Learnable parameters"),
        ("conv1", "no. of parameters"),
        ("conv1", "num_params"),
    ],
)
@pytest.mark.parametrize("with_key", [True, False])
def test_names_that_mean_the_same(layer, quantity, with_key):
    source = f"{{architecture: alexnet, answers: {{'{layer}': {{'{quantity}': 34944}}}}}}"
    key = sheet_of("{architecture: alexnet, answers: {conv1: {params: }}}") if with_key else None
    read = sheet.read(spec_text.read(source, "a.yaml"), "a", key)
    (mark,) = Marker().sheet(read).marks
    assert (mark.answer.label, mark.outcome.value) == ("conv1 parameters", "right")


@pytest.mark.parametrize("name", ["1", "Q1", "q 1", "Question 1", "1.", "Exercise 1"])
def test_a_question_is_found_by_similar_labels(name):
    key = sheet_of("questions: [{name: 1, given: {N: 7, F: 3}, ask: legal}]")
    source = spec_text.read(f"questions: [{{name: '{name}', answer: legal}}]", "a.yaml")
    (mark,) = Marker().sheet(sheet.read(source, "a", key)).marks
    assert mark.outcome.value == "right"


def test_a_unit_in_a_heading_applies_to_its_numbers(tmp_path):
    (tmp_path / "a.csv").write_text(
        "architecture,vgg16\nlayer,Memory (MiB),# of params (K)\nTotal,58.13,138358\n",
        encoding="utf-8",
    )
    marked = Marker().sheet(sheet.load(tmp_path / "a.csv"))
    assert [mark.outcome.value for mark in marked.marks] == ["right", "right"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('"Ada\\nLovelace\\x1b[2J"', "Ada Lovelace [2J"),
        ("[Ada, Bob]", "Ada, Bob"),
        ("'../../etc/passwd'", "../../etc/passwd"),
        ('""', "a"),
        (f"{'x' * 500}", "x" * 200),
    ],
)
def test_a_student_s_name_is_printed_on_one_line(name, shown):
    read = sheet.read(spec_text.read(f"student: {name}\nanswers: {{}}", "a.yaml"), "a")
    assert read.student == shown


def test_every_sheet_gets_its_own_files(room):
    folder = room / "downloads"
    for name in ("ada/answers.yaml", "bob/answers.yaml", "cy.yaml", "dee.md", "dee.yaml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(ADA if name.endswith("yaml") else EVE, encoding="utf-8")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX/answers.yaml").write_text("junk", encoding="utf-8")
    (folder / ".DS_Store").write_text("junk", encoding="utf-8")
    result = run(room / "key.yaml", folder, folder / "cy.yaml", "--feedback", room / "pages")
    assert result.exit_code == 0
    found = sorted(path.name for path in (room / "pages").iterdir())
    assert found == ["ada.md", "bob.md", "cy.md", "dee-md.md", "dee-yaml.md"]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["one/x/a.yaml", "two/x/a.yaml", "a-1.yaml"], ["x-a-1", "x-a-2", "a-1"]),
        (["ada/hw1.yaml"], ["ada"]),
        (["ada/hw1.yaml", "bob/homework.md"], ["ada", "bob"]),
        (["ada/hw1.yaml", "bob/hw1.yaml", "bob/hw2.yaml"], ["ada", "bob", "hw2"]),
        (["ada.yaml", "ada.md"], ["ada-yaml", "ada-md"]),
        (["Ada.yaml", "x/ada.yaml"], ["class", "x"]),
        (["late/ada.yaml", "bob.yaml"], ["ada", "bob"]),
    ],
    ids=" ".join,
)
def test_every_submission_gets_its_own_name(files, names):
    root = Path("/class")
    assert submissions.handles([(root / file, root) for file in files]) == names


def test_links_outside_the_folder_and_to_the_key_are_refused(room):
    folder = room / "handed_in"
    for file in folder.iterdir():
        file.unlink()
    (room / "secret.yaml").write_text("root:x:0:0", encoding="utf-8")
    (folder / "to_key.yaml").symlink_to(room / "key.yaml")
    (folder / "to_secret.yaml").symlink_to(room / "secret.yaml")
    (folder / "to_nothing.yaml").symlink_to(room / "nothing.yaml")
    (folder / "loop.yaml").symlink_to(folder / "loop.yaml")
    (folder / "to_folder").symlink_to(room)
    (folder / "ada.yaml").write_text(ADA, encoding="utf-8")
    (folder / "inside.yaml").symlink_to(folder / "ada.yaml")
    result = run(room / "key.yaml", folder, "-f", "json")
    assert "root:x" not in result.stdout + result.stderr
    problems = {one["student"]: one["problem"] for one in json.loads(result.stdout)["students"]}
    assert problems == {
        "Ada": "",
        "inside": "is a symbolic link; submit the file itself",
        "loop": problems["loop"],
        "to_folder": "is a symbolic link to a folder; links to folders are not followed",
        "to_key": "is the key itself",
        "to_nothing": "cannot be read: No such file or directory",
        "to_secret": "is a symbolic link to a file outside its folder",
    }
    assert problems["loop"].startswith("cannot be read")


def test_a_link_given_directly_is_refused(room):
    link = room / "handed_in/mine.yaml"
    link.symlink_to(room / "key.yaml")
    assert "is the key itself" in run(room / "key.yaml", link).stdout


def test_skipped_folders_are_reported(room):
    (room / "handed_in/__late").mkdir()
    assert "__late" in run(room / "key.yaml", room / "handed_in").stderr


def test_an_unreadable_folder_is_reported_and_the_others_are_graded(room, monkeypatch):
    """``os.walk`` hands over what ``os.scandir`` raises; root may read every folder."""
    (room / "handed_in/locked").mkdir()
    scandir = os.scandir

    def closed(path):
        if os.path.basename(path) == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    result = run(room / "key.yaml", room / "handed_in")
    assert "locked" in result.stdout + result.stderr
    assert "Permission denied" in result.stdout + result.stderr


def test_a_file_name_that_is_not_utf8_is_graded(room):
    file = Path(os.fsdecode(os.fsencode(room / "handed_in") + b"/z\xff.yaml"))
    file.write_text("answers: {conv1: {params: 34944}}", encoding="utf-8")
    result = run(
        *(room / "key.yaml", room / "handed_in", "--feedback", room / "pages"),
        *("--export", "csv", "-o", room / "books"),
    )
    assert result.exit_code == 1  # the sheets that cannot be read
    (book,) = (room / "books/csv").iterdir()
    assert "z" in book.read_text(encoding="utf-8")
    assert len(list((room / "pages").iterdir())) == len(BAD) + 4


@pytest.mark.parametrize("words", [["--export", "modle"], ["--page", "word"]])
def test_an_unknown_form_is_refused_before_anything_is_graded(room, words):
    result = run(room / "key.yaml", room / "handed_in", *words)
    assert isinstance(result.exception, UsageError)
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["../../x", "a/b", "/tmp/x"])
def test_a_name_never_leads_out_of_the_folder(room, name):
    result = run(
        *(room / "key.yaml", room / "handed_in", "--export", "csv", "--name", name),
        *("-o", room / "books"),
    )
    assert "printable text without / or" in str(result.exception)
    assert not list(room.rglob("x.csv"))


def test_gradebooks_are_written_even_if_the_pipe_closes(room, monkeypatch):
    def closed(*_):
        raise BrokenPipeError

    monkeypatch.setattr("cnncalc.cli._shared.write", closed)
    run(room / "key.yaml", room / "handed_in", "--export", "csv", "-o", room / "books")
    assert list((room / "books/csv").iterdir())


@pytest.mark.parametrize("zero", ["0T", "0e99", "0.0M", "0 GB", "~0", "0.00e12"])
def test_a_zero_has_no_digits_to_round_to(zero):
    question = "given: {conv: {filters: 10, kernel: 3}, input: 3x4x4}"
    for ask in ("params", "macs", "memory"):
        assert outcomes(f"questions: [{{{question}, ask: {ask}, answer: {zero}}}]") == {
            "question 1": "wrong"
        }


def test_zero_is_right_if_there_is_none():
    relu = "questions: [{given: {relu: , input: 3x4x4}, ask: params, answer: 0K}]"
    assert outcomes(relu) == {"question 1": "right"}


@pytest.mark.parametrize("written", ["２８０", "2\u200b80", "\ufeff280", "2\u00ad80", "280\u2060"])
def test_digits_of_other_widths_and_invisible_signs_are_read(written):
    question = "given: {conv: {filters: 10, kernel: 3}, input: 3x4x4}, ask: params"
    assert outcomes(f"questions: [{{{question}, answer: '{written}'}}]") == {"question 1": "right"}


@pytest.mark.parametrize("target", ["/dev/zero", "pipe", "/dev/tty"])
def test_an_architecture_is_an_ordinary_file(tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with pytest.raises(CnncalcError, match=f"'{target}' is not an ordinary file; name a spec"):
        cnncalc.grade({"architecture": target, "answers": {"c1": {"params": 7}}})


def test_answers_to_no_question_are_counted_apart(room):
    answers = "answers: {c1: {params: 156, shpe: 3}, c9: {params: 3}}"
    (room / "ada.yaml").write_text("architecture: lenet5\n" + answers, encoding="utf-8")
    said = "1 of 1 answer is right, 1 of 1 point; 2 other rows could not be graded\n"
    assert said in run(room / "ada.yaml").stdout
    (room / "ada.yaml").write_text(
        "architecture: lenet5\nanswers: {c1: {params: 6}, c9: {params: 3}}", encoding="utf-8"
    )
    assert "; 1 other row could not be graded\n" in run(room / "ada.yaml").stdout


def test_answers_that_cannot_be_read_are_counted(room):
    answers = "answers: {c1: {params: 156}, c3: {params: abc}}"
    (room / "ada.yaml").write_text("architecture: lenet5\n" + answers, encoding="utf-8")
    said = "1 of 2 answers is right, 1 of 2 points; 1 answer could not be read\n"
    assert said in run(room / "ada.yaml").stdout


def test_a_number_in_a_key_is_named_as_a_question(room):
    key = "questions: [{name: '2', given: {relu: , input: 3x4x4}, ask: params, answer: 5}]"
    (room / "key.yaml").write_text(key, encoding="utf-8")
    said = "the key gives 5 for question 2, but 0 is right and is used"
    assert said in run(room / "key.yaml", room / "handed_in/bob.csv").stderr


def test_a_long_answer_in_a_key_is_cut_in_the_message(room):
    key = KEY.replace("62M", "[" + "7, " * 2_000 + "7]")
    (room / "key.yaml").write_text(key, encoding="utf-8")
    error = run(room / "key.yaml", room / "handed_in/bob.csv").stderr
    assert "the key gives [7, 7, 7, 7, " in error
    assert max(map(len, error.splitlines())) < 300


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_a_name_without_a_printable_character_is_replaced(tmp_path):
    (tmp_path / "key.yaml").write_text(KEY, encoding="utf-8")
    names = [b"\xff.yaml", b"\x07.yaml", b"b\xffb.yaml"]
    files = [Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)) for name in names]
    for file in files:
        file.write_text(KEY, encoding="utf-8")
    handles = {one.handle for one in cnncalc.grade(files, tmp_path / "key.yaml")}
    assert len(handles) == 3
    assert all(name.strip() and name.isprintable() for name in handles)
    assert any("unnamed" in name for name in handles)


@pytest.mark.parametrize("value", ["[4]", "{a: 1}", "[[1], 2]"])
@pytest.mark.parametrize("name", ["batch", "dtype"])
def test_a_batch_and_a_dtype_are_single_values(name, value):
    with pytest.raises(CnncalcError, match=f"'{name}' must be a single value"):
        sheet_of(f"{{architecture: lenet5, {name}: {value}, answers: {{}}}}")
    given = f"given: {{relu: , input: 3x4x4, {name}: {value}}}, ask: params, answer: 0"
    assert outcomes(f"questions: [{{{given}}}]") == {"question 1": "unreadable"}


@pytest.mark.parametrize(
    "text",
    [
        "architecture,lenet5,,\nlayer,params,shape,,\nc1,156,6x28x28,,\n",
        "architecture,lenet5\nlayer,quantity,answer,,,\nc1,params,156,,,\nc1,shape,6x28x28\n",
        "architecture,lenet5\nlayer,quantity,answer\nc1,params,156,,\nc1,shape,6x28x28,,\n",
    ],
)
def test_empty_trailing_columns_are_ignored(tmp_path, text):
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    marks = Marker().sheet(sheet.load(file)).marks
    assert [mark.outcome.value for mark in marks] == ["right", "right"]


def test_a_key_among_the_sheets_is_not_graded(room):
    (room / "bob.csv").write_text(BOB, encoding="utf-8")
    words = [room / "key.yaml", *sorted(room.glob("*.*")), "-f", "json"]
    assert [one["student"] for one in json.loads(run(*words).stdout)["students"]] == ["=Bob()"]


ESCAPES = r"""
student: "a\e[2J"
architecture: alexnet
answers:
  "x\e[31m": {"sh\eape": "\e[2J5\r\n\n# h"}
  conv1: {params: "\e]0;t\a5"}
questions:
  - {name: "q\e[1m\n\n# h", given: {N: 7, F: 3}, ask: legal, answer: "\e[0m"}
"""


def test_submissions_cannot_control_the_terminal(room):
    alone = room / "esc.yaml"
    alone.write_text(ESCAPES, encoding="utf-8")
    shown = run(alone, "--feedback", room / "pages").stdout
    shown += run(alone, "--feedback", room / "pages", "--page", "html", "-f", "json").stdout
    shown += "".join(path.read_text(encoding="utf-8") for path in (room / "pages").iterdir())
    assert "conv1 parameters" in shown
    assert "\x1b" not in shown
    assert "\a" not in shown
    assert "\n# h" not in shown


@pytest.mark.parametrize(
    ("ask", "given", "outcome"),
    [
        ("params", "-", "unanswered"),
        ("params", "?", "unanswered"),
        ("params", " ", "unanswered"),
        ("shape", "n/a", "unanswered"),
        ("legal", "—", "unanswered"),
        ("buffers", "-", "unreadable"),
        ("biases", "-", "right"),
        ("biases", "none", "right"),
        ("params", "none", "wrong"),
    ],
)
def test_a_dash_is_blank_unless_zero_is_right(ask, given, outcome):
    question = f"given: {{conv: {{filters: 10, kernel: 3, bias: false}}, input: 3x4x4}}, ask: {ask}"
    found = outcomes(f"questions: [{{{question}, answer: '{given}'}}]")
    assert found == {"question 1": outcome}


@pytest.mark.parametrize("name", feedback_formats.names())
def test_a_page_states_the_scheme(room, name):
    keys = gradebook.Keys(room / "key.yaml")
    (ada,) = gradebook.grade(
        keys, submissions.find([room / "handed_in/ada.yaml"]), Marker(), {"slip": "0.25"}
    )
    assert "0.25 for one common mistake, 0 for two at once." in feedback_formats.load(name).write(
        ada
    )


def test_a_block_is_found_by_its_exact_or_similar_name():
    answers = "{Inception_3a: {params: '163,696', shape: 28x28x256}, Overall: {params: 7M}}"
    found = outcomes(f"{{architecture: googlenet, answers: {answers}}}")
    assert found == {
        "inception3a parameters": "right",
        "inception3a shape": "right",
        "total parameters": "right",
    }


def test_a_similar_label_does_not_answer_another_question():
    """Written without their marks, conv1_1 and conv11 are the same."""
    conv = "{conv: {filters: N, kernel: 1}, name: NAME}"
    first = conv.replace("NAME", "conv1_1").replace("N", "1")
    second = conv.replace("NAME", "conv11").replace("N", "2")
    key = sheet_of(
        f"{{architecture: [{first}, {second}], input: 1x5x5, "
        "answers: {conv1_1: {params: }, conv11: {params: }}}"
    )
    source = spec_text.read("answers: {conv11: {params: {answer: 4, points: 99}}}", "a.yaml")
    marked = Marker().sheet(sheet.read(source, "a", key))
    assert [mark.outcome.value for mark in marked.marks] == ["unanswered", "right"]
    assert gradebook.graded(marked).possible == 2


# Faults in one submission that must not affect the others.


def test_one_answers_failure_is_reported_for_that_answer(room, monkeypatch):
    agreement = Marker.agreement
    faults = {"pool1 shape": RecursionError, "conv1 shape": AttributeError}

    def fails(self, question, *given):
        if question.label in faults:
            raise faults[question.label]("secret")
        return agreement(self, question, *given)

    monkeypatch.setattr(Marker, "agreement", fails)
    result = run(
        room / "key.yaml", room / "handed_in/ada.yaml", room / "handed_in/bob.csv", "--all"
    )
    assert "cnncalc failed here (RecursionError)" in result.stdout
    assert "cnncalc failed here (AttributeError)" in result.stdout
    assert "secret" not in result.stdout
    assert "=Bob(): 2 of 5 answers are right" in result.stdout


@pytest.mark.parametrize(
    ("layer", "quantity", "given"),
    [
        ("up_conv4", "shape", "512x28x28"),
        ("up_conv1", "memory", "3 MB"),
        ("up_conv2", "elements", "12345"),
    ],
)
def test_a_wrong_answer_about_a_transposed_convolution_is_marked(layer, quantity, given):
    asked = f"{{architecture: unet, answers: {{{layer}: {{{quantity}: {given}}}}}}}"
    assert [*outcomes(asked).values()] == ["wrong"]


@pytest.mark.parametrize("name", ["notes.yaml", "notes.md", "notes.csv"])
@pytest.mark.parametrize("content", ["root:x:0:0:hidden", "hidden: 1\nother: 2", "[hidden]"])
def test_a_file_that_is_not_a_sheet_is_never_quoted(room, name, content):
    (room / "handed_in" / name).write_text(content, encoding="utf-8")
    result = run(room / "key.yaml", room / "handed_in", "-f", "json")
    assert "hidden" not in result.stdout + result.stderr


def test_a_link_to_a_folder_is_refused_when_its_files_are_named(room):
    for student in ("ada", "bob"):
        (room / "class" / student).mkdir(parents=True)
        (room / "class" / student / "hw.yaml").write_text(ADA, encoding="utf-8")
    (room / "class/eve").symlink_to(room / "class/bob")
    files = sorted((room / "class").glob("*/hw.yaml"))
    found = {one.handle: one.problem for one in submissions.find(files)}
    assert found == {"ada": "", "bob": "", "eve": "is a symbolic link; submit the file itself"}


@pytest.mark.parametrize(
    "formula", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1"]
)
def test_no_csv_holds_a_formula(formula):
    cells = rows(spreadsheet.text([[formula, -5, "-5", "+3.5", "conv1"]]))[0]
    assert cells == [f"'{formula}", "-5", "-5", "+3.5", "conv1"]


@pytest.mark.parametrize("words", [["grade", "-f", "csv"], ["claims", "-f", "csv"]])
def test_the_formats_neutralise_formulas(room, words):
    spec = room / "net.yaml"
    spec.write_text(
        "{name: n, input: 3x9x9, layers: [relu], "
        "published: [{quantity: params, value: 0, source: '=HYPERLINK(1)'}]}",
        encoding="utf-8",
    )
    sheets = [room / "key.yaml", room / "handed_in/bob.csv"]
    given = sheets if words[0] == "grade" else [spec]
    result = RUNNER.invoke(cli.app, [words[0], *map(str, given), *words[1:]], prog_name="cnncalc")
    cells = [cell for row in rows(result.stdout) for cell in row]
    assert [cell for cell in cells if cell.startswith("'=")]
    assert not [cell for cell in cells if cell.startswith("=")]


def test_a_class_can_be_graded_from_python(room):
    files = [room / "handed_in" / name for name in ("ada.yaml", "bob.csv")]
    grades = cnncalc.grade(files, key=room / "key.yaml", credit={"slip": "1/4"})
    assert [(one.student, one.score) for one in grades] == [("Ada", Fraction(9, 2)), ("=Bob()", 4)]
    assert grades[0].answers[0]["outcome"] == "wrong"
    assert grades.questions[0].label == "conv1 shape"
    (alone,) = cnncalc.grade({"architecture": "lenet5", "answers": {"c1": {"params": 1.56e2}}})
    assert alone.marks[0].outcome.value == "right"


@pytest.mark.parametrize(
    ("answers", "options", "says"),
    [
        (["a.yaml", "b.yaml"], {}, "pass it as 'key'"),
        ({"answers": {}}, {"key": "key.yaml"}, "not plain data"),
        ({"answers": {}}, {"tolerance": "2"}, "from 0 to 1"),
        ({"answers": {}}, {"credit": {"slop": "1"}}, "did you mean 'slip'"),
    ],
)
def test_invalid_data_from_python_is_refused(answers, options, says):
    with pytest.raises(UsageError, match=says):
        cnncalc.grade(answers, **options)


def test_random_sheets_are_graded_or_refused():
    could, slowest = random_sheets.check(sheets=150, seed=7)
    assert could > 30
    assert slowest < random_sheets.SLOWEST


@pytest.mark.parametrize("target", ["../handed_in", ".", "./../handed_in/ada.yaml", "ada.yaml"])
def test_relative_paths_are_not_links(room, monkeypatch, target):
    monkeypatch.chdir(room / "handed_in")
    found = {one.file.name: one.problem for one in submissions.find([Path(target)])}
    assert found["ada.yaml"] == ""


def test_a_sheet_without_answers_cannot_be_used(tmp_path):
    sheet = tmp_path / "a.yaml"
    sheet.write_text("architecture: lenet5\nanswers:\n")
    assert "a.yaml' has no answers to grade" in str(run(sheet).exception)


def test_a_class_without_questions_has_no_table_of_questions(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ada.yaml").write_text("architecture: lenet5\nanswers: {c1: {params: 1}}")
    (tmp_path / "eve.yaml").symlink_to(tmp_path / "nothing")
    shown = run(tmp_path / "keys", tmp_path / "eve.yaml")
    assert "cannot be read" in shown.stdout
    assert "Question" not in shown.stdout


@pytest.mark.parametrize(
    ("ask", "unit", "says"),
    [
        ("memory", "bytes", ""),
        ("macs", "MACs", ""),
        ("memory", "kB", "'unit' must be B, not 'kB'"),
        ("macs", "FLOPs", "'unit' must be MACs, not 'FLOPs'"),
        ("params", "B", "'unit' is only for questions about bytes, MACs or FLOPs"),
        (
            "shape",
            "zebras",
            "'unit' is only for questions about bytes, MACs or FLOPs",
        ),
    ],
)
def test_a_unit_is_that_of_its_question(ask, unit, says):
    sheet = {"architecture": "lenet5", "answers": {"c1": {ask: {"answer": 1, "unit": unit}}}}
    [graded] = cnncalc.grade(sheet)
    assert (says in graded.answers[0]["remark"]) if says else graded.marks[0].answer.unit
