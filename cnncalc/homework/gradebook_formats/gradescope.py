"""Grades in Gradescope's autograder format: one ``results.json`` per submission."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.homework import feedback
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.marking import Mark


def write(graded: Sequence[Graded], name: str) -> Mapping[str, str]:
    """``results.json`` for a single submission; for several, each name starts with the handle."""
    texts = {}
    for one in graded:
        stem = f"{one.handle}." if len(graded) > 1 else ""
        texts[f"{stem}results.json"] = json.dumps(_results(one), indent=2) + "\n"
    return texts


def _results(one: Graded) -> dict[str, Any]:
    if one.marked is None:
        return {"score": 0, "output": one.problem, "tests": []}
    tests = [_test(one, mark) for mark in one.marks if mark.answer.question]
    results = {"score": float(one.score), "tests": tests}
    others = [feedback.labelled(mark) for mark in one.marks if not mark.answer.question]
    return {**results, "output": "\n".join(others)} if others else results


def _test(one: Graded, mark: Mark) -> dict[str, Any]:
    """One answer; Gradescope wants the score as a float."""
    lines = [feedback.remark(mark)]
    for worked in feedback.workings(mark):
        lines.append(f"{worked.title}: {worked.derivation.answer}")
        lines += [working.text() for working in worked.derivation.workings]
    return {
        "name": mark.answer.label,
        "score": float(one.points(mark)),
        "max_score": float(mark.answer.points),
        "status": "passed" if one.part(mark) == 1 else "failed",
        "output": "\n".join(filter(None, lines)),
        "visibility": "visible",
    }
