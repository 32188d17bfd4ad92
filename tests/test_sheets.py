"""Answer sheets as notebooks, workbooks and JSON."""

import csv
import io
import json
import re
import zipfile

import openpyxl
import pytest

import cnncalc
from cnncalc.core.errors import CnncalcError
from cnncalc.homework import gradebook_formats
from cnncalc.homework.sheets import _table

TABLE = [["layer", "shape", "params"], ["c1", "6x28x28", 156], ["f6", "84", 10164.0]]


def marks(file):
    [graded] = cnncalc.grade(file)
    return graded.student, [answer["outcome"] for answer in graded.answers]


def workbook(path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in sheets:
        page = book.create_sheet()
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def test_a_workbook_is_a_sheet(tmp_path):
    top = [["student", "Ada"], ["architecture", "lenet5"], []]
    file = workbook(tmp_path / "hw.xlsx", [*top, *TABLE])
    assert marks(file) == ("Ada", ["right"] * 4)


def test_a_workbook_may_have_titles_and_blank_columns(tmp_path):
    above = [["Assignment 2"], [], ["Student:", "Ada"], ["architecture", "lenet5"], []]
    rows = [[None, None, *row] for row in [*above, *TABLE]]
    assert marks(workbook(tmp_path / "hw.xlsx", rows)) == ("Ada", ["right"] * 4)


ROWS = "c1{0}6x28x28{0}156\nf6{0}84{0}10164\n"


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("hw.csv", "Quiz 3;;\nName:;Ada;\n;;\nQ;Answer;\nQ1;3;\nQ2;illegal;\n"),
        (
            "hw.md",
            "Name: Ada\n\n# | Working | Your answer\n-|-|-\n1. | (7-3)/2+1 | 3\n(2) | | no\n",
        ),
    ],
    ids=["csv", "markdown"],
)
def test_questions_may_be_numbered(tmp_path, name, table):
    (tmp_path / "key.yaml").write_text(
        "questions: [{name: '1', given: {N: 7, F: 3, S: 2}, ask: shape},"
        " {name: '2', given: {N: 7, F: 3, S: 3}, ask: stride_legal}]"
    )
    (tmp_path / name).write_text(table, encoding="utf-8")
    [graded] = cnncalc.grade([tmp_path / name], tmp_path / "key.yaml")
    assert (graded.student, graded.score) == ("Ada", 2)
    assert graded.answers[0]["remark"] == ""


RULE = "+----+------+\n"


@pytest.mark.parametrize(
    ("name", "table", "right"),
    [
        ("hw.md", "Layer | Output | Params\n:--- | --- | ---:\n" + ROWS.format(" | "), 4),
        ("hw.txt", "layer   output shape   params\n" + ROWS.format("     "), 4),
        ("hw.csv", "Assignment 2;;\nLayer;Output;Params\n" + ROWS.format(";"), 4),
        (
            "hw.json",
            '[{"layer": "c1", "output shape": [6, 28, 28], "params": 156},'
            ' {"layer": "f6", "output shape": 84, "params": "10,164"}]',
            4,
        ),
        ("hw.md", "| layer | shape |\n|---|---|\n| c1 | 6&times;28&times;28 |\n| f6 | 84 |\n", 2),
        ("hw.txt", f"{RULE}|    |Params|\n+====+======+\n|c1  |156   |\n|f6  |10164 |\n{RULE}", 2),
    ],
    ids=["without outer bars", "aligned", "title", "records", "entities", "grid"],
)
def test_tables_are_read_as_people_type_them(tmp_path, name, table, right):
    (tmp_path / "key.yaml").write_text(
        "architecture: lenet5\nanswers: {c1: {shape: , params: }, f6: {shape: , params: }}"
    )
    (tmp_path / name).write_text(table, encoding="utf-8")
    [graded] = cnncalc.grade([tmp_path / name], tmp_path / "key.yaml")
    outcomes = [answer["outcome"] for answer in graded.answers]
    assert (outcomes.count("right"), outcomes.count("unanswered")) == (right, 4 - right)


@pytest.mark.parametrize(
    "line",
    [
        "The total number of parameters is 61,706.",
        "Total number of learnable parameters = 61706",
        "**Total # of params: 61,706**",
    ],
)
def test_a_sentence_below_a_table_gives_the_total(tmp_path, line):
    sheet = "Name: Ada\n\n| layer | params |\n|---|---|\n| c1 | 156 |\n\n" + line
    (tmp_path / "key.yaml").write_text("architecture: lenet5\nanswers: {totals: {params: }}")
    (tmp_path / "hw.md").write_text(sheet)
    [graded] = cnncalc.grade([tmp_path / "hw.md"], tmp_path / "key.yaml")
    assert (graded.student, float(graded.score)) == ("Ada", 1)


def test_a_damaged_workbook_is_read_or_refused(tmp_path):
    file = workbook(tmp_path / "hw.xlsx", [["architecture", "lenet5"], *TABLE])
    data, read = file.read_bytes(), 0
    for place in range(0, len(data), len(data) // 150):
        file.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            marks(file)
            read += 1
        except CnncalcError:
            continue
    assert 0 < read < 150


def test_a_large_workbook_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_table, "MAX_CELLS", 100)
    file = workbook(tmp_path / "hw.xlsx", [["layer", "shape"], *[[7] * 7] * 15])
    with pytest.raises(CnncalcError, match="contains more than 100 cells"):
        marks(file)


@pytest.mark.parametrize(
    ("sheets", "says"),
    [
        ([[["a"]]] * 21, "the workbook has more than 20 worksheets"),
        ([[["a"]] * 5001], "the worksheet 'Sheet' has more than 5,000 rows"),
        ([[["a"] * 201]], "the worksheet 'Sheet' has more than 200 columns"),
        ([[["a"], [""] * 300 + ["b"]]], "the worksheet 'Sheet' has more than 200 columns"),
    ],
)
def test_no_part_of_a_large_workbook_is_left_out(tmp_path, sheets, says):
    with pytest.raises(CnncalcError, match=says):
        marks(workbook(tmp_path / "hw.xlsx", *sheets))


def test_empty_cells_and_wrong_dimensions_do_not_matter(tmp_path):
    file = workbook(tmp_path / "hw.xlsx", [["architecture", "lenet5"], *TABLE])
    book = openpyxl.load_workbook(file)
    bold = openpyxl.styles.Font(bold=True)
    for row, column in ((6_000, 1), (2, 400)):
        book.active.cell(row, column).font = bold
    book.save(file)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', part))
    assert marks(file)[1] == ["right"] * 4


def test_every_worksheet_has_a_table(tmp_path):
    more = [["layer", "macs"], ["c1", "=117600"], ["f6", 10080]]
    file = workbook(tmp_path / "ada.xlsx", [["architecture", "lenet5"], *TABLE], more)
    # No program has computed the formula, so the workbook has no value for it.
    assert marks(file) == ("ada", ["right"] * 5)


def test_yes_and_no_may_be_true_and_false(tmp_path):
    key = tmp_path / "key.yaml"
    key.write_text("questions: [{name: a, given: {N: 7, F: 3, S: 2}, ask: stride_legal}]")
    file = workbook(tmp_path / "eve.xlsx", [["question", "answer"], ["a", True]])
    [graded] = cnncalc.grade([file], key)
    assert graded.answers[0]["outcome"] == "right"


@pytest.mark.parametrize("data", [b"", b"PK", b"text", "empty", "bomb"])
def test_a_broken_workbook_is_refused(tmp_path, data):
    file = tmp_path / "ada.xlsx"
    if isinstance(data, bytes):
        file.write_bytes(data)
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.xml", b" " * (30_000_000 if data == "bomb" else 1))
    with pytest.raises(
        CnncalcError, match=r"cannot be read as an Excel workbook|unpacks to more than"
    ):
        cnncalc.grade(file)


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "a\\..\\..\\evil", "C:/evil.txt"])
def test_a_workbook_with_a_path_that_leaves_its_folder_is_refused(tmp_path, name):
    file = workbook(tmp_path / "ada.xlsx", [["architecture", "lenet5"], *TABLE])
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    with pytest.raises(CnncalcError, match="the workbook has parts whose paths leave its folder"):
        cnncalc.grade(file)
    assert [path.name for path in tmp_path.iterdir()] == ["ada.xlsx"]


def test_a_workbook_needs_its_reader(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    file = tmp_path / "ada.xlsx"
    file.write_bytes(b"PK")
    with pytest.raises(CnncalcError, match=r"pip install 'cnncalc\[xlsx\]'"):
        cnncalc.grade(file)


def notebook(path, *cells):
    listed = [{"cell_type": kind, "source": source} for kind, source in cells]
    path.write_text(json.dumps({"cells": listed, "nbformat": 4}), encoding="utf-8")
    return path


def test_the_markdown_cells_of_a_notebook_are_a_sheet(tmp_path):
    rows = ["| layer | shape | params |\n", "|---|---|---|\n", "| c1 | 6x28x28 | 150 |\n"]
    file = notebook(
        tmp_path / "nb.ipynb",
        ("markdown", "student: Ada\n\narchitecture: lenet5"),
        ("code", "print(1)"),
        ("markdown", rows),
    )
    assert marks(file) == ("Ada", ["right", "wrong"])


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "[]", '{"cells": 3}', '{"cells": [3]}'])
def test_a_broken_notebook_is_refused(tmp_path, text):
    file = tmp_path / "ada.ipynb"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CnncalcError, match=r"is not a notebook|names its columns|answers"):
        cnncalc.grade(file)


@pytest.mark.parametrize("cells", [[], [("code", "| layer | shape |")], [("markdown", "Hello.")]])
def test_a_notebook_without_a_table_in_markdown_is_refused(tmp_path, cells):
    file = notebook(tmp_path / "ada.ipynb", *cells)
    with pytest.raises(
        CnncalcError, match=r"no Markdown cell .*; code cells are not read; a table"
    ):
        cnncalc.grade(file)


def test_other_errors_in_the_table_of_a_notebook_stay_what_they_are(tmp_path):
    rows = "| layer | shape | shape |\n|---|---|---|\n| c1 | 6x28x28 | 6x28x28 |\n"
    file = notebook(tmp_path / "ada.ipynb", ("markdown", rows))
    with pytest.raises(CnncalcError, match="twice"):
        cnncalc.grade(file)


def test_a_broken_notebook_says_what_to_do(tmp_path):
    file = tmp_path / "ada.ipynb"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(CnncalcError, match="because it is not valid JSON; save the notebook again"):
        cnncalc.grade(file)


def test_json_is_a_sheet(tmp_path):
    file = tmp_path / "ada.json"
    file.write_text(json.dumps({"architecture": "lenet5", "answers": {"c1": {"params": 156}}}))
    assert marks(file) == ("ada", ["right"])


# Summaries that tools print.


DAILY = ("lenet5", "mnist_ntu", "squeezenet1_1", "mobilenet_v2", "resnet18")
MORE = (
    "alexnet", "alexnet_torchvision", "zfnet", "vgg11", "vgg13", "vgg16_bn", "vgg19", "resnet34",
    "resnet50", "squeezenet1_0", "shufflenet_v2_x1_0", "autoencoder_conv", "mnasnet1_0", "xception",
)  # fmt: skip


@pytest.mark.parametrize(
    "name", [*DAILY, *(pytest.param(name, marks=pytest.mark.exhaustive) for name in MORE)]
)
def test_a_summary_by_torchinfo_is_all_right(tmp_path, name):
    torch, torchinfo = pytest.importorskip("torch"), pytest.importorskip("torchinfo")
    report = cnncalc.summarize(name)
    with torch.device("meta"):
        network = cnncalc.to_torch(name)
        size = [(1, *report.input_shape)]
        text = torchinfo.summary(network, size, device="meta", verbose=0, depth=9)
    file = tmp_path / "ada.txt"
    file.write_text(f"student: Ada\narchitecture: {name}\n\n{text}", encoding="utf-8")
    student, outcomes = marks(file)
    assert student == "Ada"
    assert {*outcomes} <= {"right", "unanswered"}
    assert len(outcomes) >= len(report)


TORCHSUMMARY = """\
architecture: lenet5
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1            [-1, 6, 28, 28]             156
              Tanh-2            [-1, 6, 28, 28]               0
         AvgPool2d-3            [-1, 6, 14, 14]               0
            Conv2d-4           [-1, 16, 10, 10]           2,400
================================================================
Total params: 61,706
Trainable params: 61,706
Non-trainable params: 0
----------------------------------------------------------------
"""
KERAS = """\
architecture: lenet5
Model: "sequential"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 conv2d (Conv2D)             (None, 28, 28, 6)         156

 average_pooling2d (Average  (None, 14, 14, 6)         0
 Pooling2D)

 conv2d_1 (Conv2D)           (None, 10, 10, 16)        2400

=================================================================
Total params: 61,706
"""


KERAS_3 = """\
architecture: lenet5
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━┓
┃ Layer (type)               ┃ Output Shape          ┃     Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━┩
│ input_layer_7 (InputLayer) │ (None, 32, 32, 1)     │           0 │
├────────────────────────────┼───────────────────────┼─────────────┤
│ conv2d_33 (Conv2D)         │ (None, 28, 28, 6)     │         156 │
├────────────────────────────┼───────────────────────┼─────────────┤
│ average_pooling2d          │ (None, 14, 14, 6)     │           0 │
│ (AveragePooling2D)         │                       │             │
├────────────────────────────┼───────────────────────┼─────────────┤
│ conv2d_34 (Conv2D)         │ (None, 10, 10, 16)    │       2,400 │
├────────────────────────────┼───────────────────────┼─────────────┤
│ average_pooling2d_1        │ (None, 5, 5, 16)      │           0 │
│ (AveragePooling2D)         │                       │             │
└────────────────────────────┴───────────────────────┴─────────────┘
 Total params: 61,706 (241.04 KB)
 Trainable params: 61,706 (241.04 KB)
 Non-trainable params: 0 (0.00 B)
"""


@pytest.mark.parametrize(("text", "right"), [(TORCHSUMMARY, 8), (KERAS, 6), (KERAS_3, 8)])
def test_a_pasted_summary_is_a_sheet(tmp_path, text, right):
    file = tmp_path / "ada.txt"
    file.write_text(text, encoding="utf-8")
    [graded] = cnncalc.grade(file)
    outcomes = [answer["outcome"] for answer in graded.answers]
    assert outcomes.count("right") == right
    (wrong,) = (answer for answer in graded.answers if answer["outcome"] == "wrong")
    assert wrong["remark"] == "left out the biases"  # 2,400 weights and 16 biases


def unread_in_keras(tmp_path, *types):
    """What is reported about a Keras summary with three more layers of each type."""
    rule = "├────┼───┼───┤\n"
    more = "".join(f"│ x_{n} ({kind} │ 1 │ 0 │\n{rule}" for kind in types for n in range(3))
    file = tmp_path / "ada.md"
    file.write_text(KERAS_3.replace("│ conv2d_34", f"{more}│ conv2d_34"), encoding="utf-8")
    [graded] = cnncalc.grade(file)
    found = [answer for answer in graded.answers if answer["outcome"] == "unreadable"]
    return [(answer["question"], answer["remark"]) for answer in found]


def test_layers_of_a_summary_that_the_network_lacks_are_reported_once(tmp_path):
    found = unread_in_keras(tmp_path, "Conv1DTranspose)", "UpSampling2D)")
    assert [about for about, _ in found] == ["Conv1DTranspose", "UpSampling2D"]
    assert all(
        why.startswith(f"{about!r} is not a layer of the network; it has c1, tanh1,")
        for about, why in found
    )


def test_padding_and_activations_that_are_part_of_other_layers_are_not_answers(tmp_path):
    types = ("ZeroPadding2D)", "Identity)", "Activation)", "LeakyReL…")
    assert unread_in_keras(tmp_path, *types) == []


def test_a_type_that_keras_cuts_off_is_recognised(tmp_path):
    file = tmp_path / "ada.csv"
    text = "architecture,squeezenet1_1\nLayer (type),Output Shape\n"
    file.write_text(f'{text}global_average_po… (GlobalAveragePoo…,"(None, 5)"\n', encoding="utf-8")
    [graded] = cnncalc.grade(file)
    [row] = (row for row in cnncalc.summarize("squeezenet1_1") if row.kind == "global_avg_pool")
    found = [(one["question"], one["outcome"]) for one in graded.answers]
    assert found == [(f"{row.name} shape", "wrong")]


def test_a_row_without_cells_below_another_is_its_end(tmp_path):
    table = "├─┼─┤\n│ layer │ params │\n├─┼─┤\n│ c1 │ 1 │\n│ │ 56 │\n│ │ │ ? │\n└─┴─┘\n"
    file = tmp_path / "ada.md"
    file.write_text(f"architecture: lenet5\n{table}", encoding="utf-8")
    [graded] = cnncalc.grade(file)
    assert graded.answers[0]["answer"] == "1 56"


def test_a_summary_answers_the_questions_of_a_key(tmp_path):
    key = tmp_path / "key.yaml"
    asked = "c1: {shape: 6x28x28}, c3: {params: 2416}"
    key.write_text(f"architecture: lenet5\nanswers: {{{asked}}}", encoding="utf-8")
    file = tmp_path / "ada.txt"
    file.write_text(TORCHSUMMARY.replace("architecture: lenet5\n", ""), encoding="utf-8")
    [graded] = cnncalc.grade([file], key)
    assert [answer["outcome"] for answer in graded.answers] == ["right", "wrong"]


def test_a_pool_that_flattens_is_found_by_its_type(tmp_path):
    layers = (
        "[{conv: {filters: 4, kernel: 1}, name: a}, {global_avg_pool: {keepdim: false}, name: b}"
    )
    network = f"{{input: 2x8x8, layers: {layers}, flatten, {{linear: 3, name: c}}]}}"
    key = tmp_path / "key.yaml"
    asked = "a: {params: }, b: {shape: , params: }, flatten1: {shape: }, c: {params: }"
    key.write_text(f"architecture: {network}\nanswers: {{{asked}}}", encoding="utf-8")
    file = tmp_path / "ada.txt"
    file.write_text(
        "Layer (type)  Output Shape  Param #\n"
        "Conv2d-1  [-1, 4, 8, 8]  12\nAdaptiveAvgPool2d-2  [-1, 4, 1, 1]  0\n"
        "Flatten-3  [-1, 4]  0\nFlatten-4  [-1, 4]  0\nLinear-5  [-1, 3]  15\n",
        encoding="utf-8",
    )
    [graded] = cnncalc.grade([file], key)
    assert [answer["outcome"] for answer in graded.answers] == ["right"] * 5


def test_more_rows_than_layers_are_unreadable(tmp_path):
    rows = "".join(f"Conv2d-{n}  [-1, 6, 28, 28]  156\n" for n in range(1, 5))
    file = tmp_path / "ada.txt"
    file.write_text(f"architecture: lenet5\nLayer (type)  Output Shape  Param #\n{rows}")
    assert marks(file)[1][-2:] == ["wrong", "unreadable"]  # the last row has two cells


def test_a_text_without_a_summary_is_read_like_markdown(tmp_path):
    file = tmp_path / "ada.txt"
    file.write_text("architecture: lenet5\n| layer | params |\n|---|---|\n| c1 | 156 |\n")
    assert marks(file) == ("ada", ["right"])


# A class that hands in every format.


def tables(path, answers):
    """The same answers as a sheet of each format."""
    rows = [["question", "answer"], *map(list, answers.items())]
    drawn = "\n".join(f"| {name} | {answer} |" for name, answer in rows)
    drawn = drawn.replace("\n", "\n|---|---|\n", 1)
    questions = [{"name": name, "answer": answer} for name, answer in answers.items()]
    match path.suffix:
        case ".xlsx":
            workbook(path, rows)
        case ".ipynb":
            notebook(path, ("code", "pass"), ("markdown", drawn))
        case ".csv":
            path.write_text("".join(f'{name},"{answer}"\n' for name, answer in rows))
        case ".md":
            path.write_text(drawn, encoding="utf-8")
        case _:  # JSON is YAML too
            path.write_text(json.dumps({"questions": questions}), encoding="utf-8")


@pytest.mark.parametrize("students", [14, pytest.param(40, marks=pytest.mark.exhaustive)])
def test_a_class_in_six_formats_reaches_the_gradebooks(tmp_path, students):
    formats = (".yaml", ".json", ".csv", ".md", ".ipynb", ".xlsx")
    expected = {}
    for folder in ("keys", "class"):
        (tmp_path / folder).mkdir()
    for number in range(students):
        name = f"s{number:02}"
        quiz = cnncalc.quiz("shape,params,macs", questions=6, seed=number, student=name)
        (tmp_path / "keys" / f"{name}.yaml").write_text(quiz.sheet(answers=True), encoding="utf-8")
        answers = {str(one.number): one.answer for one in quiz.posed}
        answers |= dict.fromkeys(list(answers)[: number % 7], "987654321x1x1")  # that many wrong
        expected[name] = 6 - number % 7
        tables(tmp_path / "class" / f"{name}{formats[number % 6]}", answers)
    grades = cnncalc.grade([tmp_path / "class"], tmp_path / "keys")
    assert {one.handle: one.score for one in grades} == expected
    moodle = csv.DictReader(
        io.StringIO(gradebook_formats.load("moodle").write(grades, "hw")["hw.csv"])
    )
    assert {row["ID number"]: float(row["hw"]) for row in moodle} == expected
    _, _, *canvas = csv.reader(
        io.StringIO(gradebook_formats.load("canvas").write(grades, "hw")["hw.csv"])
    )
    assert {row[3]: float(row[-1]) for row in canvas} == expected
    gradescope = gradebook_formats.load("gradescope").write(grades, "hw")
    scores = {file.split(".")[0]: json.loads(text)["score"] for file, text in gradescope.items()}
    assert scores == expected


@pytest.mark.parametrize("second", ["2,640", "2,656", ""])
def test_a_question_answered_twice_is_refused(tmp_path, second):
    key, file = tmp_path / "key.yaml", tmp_path / "bob.csv"
    given = "{N: 7, F: 3, S: 2}"
    key.write_text(f"questions: [{{name: a, given: {given}, ask: stride_legal}}]")
    file.write_text(f'question,answer\na,"2,656"\na,"{second}"\n')
    [graded] = cnncalc.grade([file], key)
    assert graded.marks == ()
    assert graded.problem.endswith("bob.csv:3: a is answered twice")


def test_a_workbook_of_many_parts_is_refused(tmp_path):
    file = tmp_path / "hw.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(1_001):
            archive.writestr(f"{number}", "")
    with pytest.raises(CnncalcError, match="the workbook has more than 1,000 parts"):
        marks(file)
