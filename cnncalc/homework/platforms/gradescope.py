"""A Gradescope autograder: upload it under Configure Autograder; students hand in answer sheets.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

import os
from pathlib import Path
from typing import Any

from cnncalc.core.errors import UsageError
from cnncalc.homework import feedback, submissions
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.grading import grade
from cnncalc.homework.marking import Mark
from cnncalc.homework.platforms import _wheel
from cnncalc.homework.platforms._archive import zipped
from cnncalc.homework.quiz import Quiz
from cnncalc.homework.sheets import extensions

EXTENSION = ".autograder.zip"
SETUP = f"""#!/usr/bin/env bash
set -euo pipefail
# The system's Python may be too old, and pip may refuse to install into it.
export PIP_BREAK_SYSTEM_PACKAGES=1
python3 -m pip --version || (apt-get update && apt-get install -y python3-pip)
python3 -m pip install uv
python3 -m uv venv --python 3.12 /autograder/venv
python3 -m uv pip install --python /autograder/venv "/autograder/source/{_wheel.FILE}[xlsx]"
"""
RUN = """#!/autograder/venv/bin/python
import json
from pathlib import Path

from cnncalc.homework.platforms.gradescope import results

home = Path("/autograder")
found = results(home / "submission", home / "source" / "key.yaml")
(home / "results" / "results.json").write_text(json.dumps(found), encoding="utf-8")
"""


def write(quiz: Quiz) -> bytes:
    """The two scripts that Gradescope runs, the key, and cnncalc itself."""
    key = quiz.sheet(answers=True)
    scripts = {"setup.sh": SETUP, "run_autograder": RUN}
    return zipped({**scripts, "key.yaml": key, _wheel.FILE: _wheel.wheel()})


def results(submission: Path, key: Path) -> dict[str, Any]:
    """The results that Gradescope shows for a folder with one answer sheet: every question with its
    points and remark. Files of other types are ignored. Anything other than one readable sheet gets
    no points, with the reason."""
    files = [one.file for one in submissions.find([submission])]
    handed_in = [file for file in files if file.suffix.lower() in extensions()] or files
    if len(handed_in) != 1:
        return _refused(f"hand in one answer sheet, not {len(handed_in)}")
    try:
        [one] = grade(handed_in, key)
    except UsageError as why:
        return _refused(str(why))
    if one.problem:
        return _refused(one.problem.replace(f"{submission}{os.sep}", ""))
    tests = [_test(one, mark) for mark in one.marks if mark.answer.question]
    return {"tests": tests, "visibility": "visible"}


def _refused(why: str) -> dict[str, Any]:
    return {"score": 0, "output": why, "visibility": "visible"}


def _test(one: Graded, mark: Mark) -> dict[str, Any]:
    said = dict.fromkeys((mark.outcome.value, feedback.remark(mark)))
    return {
        "name": mark.answer.label,
        "score": float(one.points(mark)),
        "max_score": float(mark.answer.points),
        "output": ": ".join(filter(None, said)),
        "visibility": "visible",
    }
