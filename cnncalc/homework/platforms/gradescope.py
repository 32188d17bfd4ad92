"""A Gradescope autograder: upload it under Configure Autograder; students hand in answer sheets.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from cnncalc.core.errors import UsageError
from cnncalc.homework import feedback
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.grading import grade
from cnncalc.homework.marking import Mark
from cnncalc.homework.platforms._archive import zipped
from cnncalc.homework.quiz import Quiz

EXTENSION = ".autograder.zip"
SETUP = f"""#!/usr/bin/env bash
set -euo pipefail
python3 -m pip install uv
python3 -m uv venv --python 3.12 /autograder/venv
python3 -m uv pip install --python /autograder/venv cnncalc=={version("cnncalc")}
"""
RUN = """#!/autograder/venv/bin/python
import json
from importlib.metadata import version
from pathlib import Path

from cnncalc.homework.platforms.gradescope import results

home = Path("/autograder")
found = results(home / "submission", home / "source" / "key.yaml")
(home / "results" / "results.json").write_text(json.dumps(found), encoding="utf-8")
"""


def write(quiz: Quiz) -> bytes:
    """The two scripts that Gradescope runs, and the key."""
    return zipped({"setup.sh": SETUP, "run_autograder": RUN, "key.yaml": quiz.sheet(answers=True)})


def results(submission: Path, key: Path) -> dict[str, Any]:
    """What Gradescope shows of a folder with one answer sheet: every question with its points and
    remark. Anything else than one readable sheet gets no points, and the reason."""
    try:
        found = grade([submission], key)
        if len(found) != 1:
            raise UsageError(f"hand in one answer sheet, not {len(found)}")
    except UsageError as why:
        return _refused(str(why))
    [one] = found
    if one.problem:
        return _refused(one.problem)
    return {"tests": [_test(one, mark) for mark in one.marks], "visibility": "visible"}


def _refused(why: str) -> dict[str, Any]:
    return {"score": 0, "output": why, "visibility": "visible"}


def _test(one: Graded, mark: Mark) -> dict[str, Any]:
    remark = feedback.remark(mark)
    return {
        "name": mark.answer.label,
        "score": float(one.points(mark)),
        "max_score": float(mark.answer.points),
        "output": f"{mark.outcome.value}: {remark}" if remark else mark.outcome.value,
        "visibility": "visible",
    }
