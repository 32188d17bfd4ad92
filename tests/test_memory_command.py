"""``cnncalc memory``: its tables, its picture, and the batch that fits."""

import json

from typer.testing import CliRunner

import cnncalc
from cnncalc import UsageError, memory
from cnncalc.cli import app


def invoke(*arguments):
    return CliRunner().invoke(app, ["memory", *arguments])


def test_the_command_folds_what_is_small():
    shown = invoke("vgg16", "--optimizer", "adam")
    assert shown.exit_code == 0
    assert "saved for backward" in shown.stdout
    assert "at relu1" in shown.stdout
    assert "20 more" in shown.stdout
    assert "more" not in invoke("vgg16", "--all").stdout


def test_the_command_writes_json():
    report = cnncalc.summarize("resnet18", batch=2)
    found = json.loads(invoke("resnet18", "--batch", "2", "--eval", "-f", "json").stdout)
    assert found == memory.measure(report, training=False).to_dict()
    assert sum(one["bytes"] for one in found["saved"]) == found["saved_for_backward"]


def test_an_unknown_format_is_refused():
    result = invoke("vgg16", "--format", "jsn")
    assert isinstance(result.exception, UsageError)
    assert "did you mean 'json'" in str(result.exception)
