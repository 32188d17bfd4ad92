"""A notebook for nbgrader: a cell for each answer, and a test below it that names the mistake."""

import json
from typing import Any

from cnncalc.homework.quiz import PosedQuestion, Quiz
from cnncalc.render.formats.markdown import escape

EXTENSION = ".ipynb"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def write(quiz: Quiz) -> bytes:
    """The teacher's version; nbgrader removes the solutions and the hidden tests from it."""
    cells = [_text("title", f"# {escape(quiz.title)}")]
    for one in quiz.posed:
        cells += _question(one)
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _question(one: PosedQuestion) -> list[dict[str, Any]]:
    """The question, the cell for its answer, and the test."""
    name = f"answer_{one.number}"
    choices = "".join(f"\n- {choice}" for choice in one.lettered)
    answer = f"### BEGIN SOLUTION\n{name} = {one.answer!r}\n### END SOLUTION"
    sheet = {"questions": [{"name": str(one.number), **one.key()}]}
    test = (
        "### BEGIN HIDDEN TESTS\n"
        "import cnncalc\n"
        f"sheet = {sheet!r}\n"
        f'sheet["questions"][0]["answer"] = {name}\n'
        "[graded] = cnncalc.grade(sheet)\n"
        "[marked] = graded.answers\n"
        'assert marked["outcome"] == "right", marked["remark"]\n'
        "### END HIDDEN TESTS"
    )
    return [
        _text(f"question-{one.number}", f"{one.number}. {one.text}{choices}"),
        _code(name, answer, {"grade": False, "solution": True, "locked": False}),
        _code(
            f"test-{one.number}", test,
            {"grade": True, "solution": False, "locked": True, "points": 1},
        ),
    ]  # fmt: skip


def _text(ident: str, text: str) -> dict[str, Any]:
    """A cell with text in Markdown."""
    return {"cell_type": "markdown", "id": ident, "metadata": {}, "source": text}


def _code(ident: str, text: str, grading: dict[str, Any]) -> dict[str, Any]:
    """A cell with code, and how nbgrader treats it."""
    nbgrader = {"schema_version": 3, "grade_id": ident, "task": False, **grading}
    return {
        "cell_type": "code",
        "id": ident.replace("_", "-"),
        "metadata": {"nbgrader": nbgrader},
        "source": text,
        "execution_count": None,
        "outputs": [],
    }
