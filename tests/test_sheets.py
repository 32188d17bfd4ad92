"""Answer sheets as notebooks, workbooks and JSON."""

import json
import zipfile

import openpyxl
import pytest

import cnncalc
from cnncalc.core.errors import CnncalcError

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
    with pytest.raises(CnncalcError, match=r"is not an Excel workbook|unpacks to more than"):
        cnncalc.grade(file)


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


def test_json_is_a_sheet(tmp_path):
    file = tmp_path / "ada.json"
    file.write_text(json.dumps({"architecture": "lenet5", "answers": {"c1": {"params": 156}}}))
    assert marks(file) == ("ada", ["right"])
