"""The functions at the top level: the commands' results as data."""

import ast
import doctest
import inspect
import typing

import numpy
import pytest

import cnncalc
from cnncalc import UsageError, api, footprint
from cnncalc.api import exploring, network, questions, writing

FUNCTIONS = ("summarize", "explain", "layer", "check_stride", "solve", "memory", "verify",
             "reconcile", "claims", "to_torch", "grade", "quiz", "convolve", "from_caffe",
             "from_darknet", "from_keras", "from_onnx", "from_torch")  # fmt: skip
NETWORKS = ("summarize", "explain", "check_stride", "memory", "verify", "to_torch")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_command_has_a_typed_and_documented_function(name):
    function = getattr(cnncalc, name)
    assert inspect.isfunction(function)
    assert name in cnncalc.__all__
    assert name in dir(cnncalc)
    assert function.__doc__
    signature = inspect.signature(function)
    annotations = [one.annotation for one in signature.parameters.values()]
    assert inspect.Parameter.empty not in [*annotations, signature.return_annotation]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_can_be_a_name_a_notation_data_or_a_report(name):
    function = getattr(cnncalc, name)
    data = {"input": "1x8x8", "layers": [{"conv": {"filters": 2, "kernel": 3}}]}
    targets = ["lenet5", "1x8x8-2C3", data]
    if name != "summarize":
        targets.append(cnncalc.summarize(data))
    for target in targets:
        assert function(target) is not None


def test_every_public_name_has_a_type():
    tree = ast.parse(inspect.getsource(cnncalc))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = [name.name for line in checked.body for name in line.names]
    assert sorted(imported) == sorted(cnncalc.__all__)


def test_options_are_those_of_summarize():
    doubled = cnncalc.memory("lenet5", batch=2).inference_peak.bytes
    assert doubled == 2 * cnncalc.memory("lenet5").inference_peak.bytes
    assert cnncalc.verify("1x28x28-2C3", "meta", batch=3, input="1x9x9").batch == 3
    assert cnncalc.layer("linear", 784, out_features=10, batch=2).cost.macs == 15_680
    (answer,) = cnncalc.explain("lenet5", "c1", "macs", batch=2)
    assert "235,200" in answer.answer  # 5·5·1·6·28·28 for each of 2 images


@pytest.mark.parametrize("one", [numpy.int64, numpy.uint8, numpy.array])
def test_a_batch_size_may_be_an_integer_of_numpy(one):
    report = cnncalc.summarize("lenet5", batch=one(2))
    assert report.batch.__class__ is int
    assert str(report) == str(cnncalc.summarize("lenet5", batch=2))
    assert cnncalc.memory("lenet5", batch=one(2)) == cnncalc.memory("lenet5", batch=2)
    assert footprint.inference(report, batch=one(3))


@pytest.mark.parametrize("one", [True, numpy.True_, numpy.float64(2), numpy.array([2, 2])])
def test_a_batch_size_must_be_a_single_integer(one):
    with pytest.raises(UsageError, match="the batch size must be a whole number"):
        cnncalc.summarize("lenet5", batch=one)


class Strange:
    """A value that prints as a number but is something else."""

    def __str__(self):
        return "8"

    def __repr__(self):
        return "int64(8)"

    def named_parameters(self):
        return ()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: cnncalc.summarize("vgg16", batch=Strange()), "at least 1, not int64(8)"),
        (lambda: cnncalc.summarize("vgg16", batch="8"), "at least 1, not '8'"),
        (
            lambda: cnncalc.summarize("vgg16", settings="classes=10"),
            "settings must be a mapping, such as {'classes': 10}, not 'classes=10'",
        ),
        (
            lambda: cnncalc.summarize(Strange()),
            "the notation or a mapping, not Strange; read a model with cnncalc.from_torch",
        ),
        (lambda: cnncalc.summarize(None), "the notation or a mapping, not NoneType"),
        (
            lambda: cnncalc.compare(["vgg16", "vgg19"]),
            "at least two networks; pass each as an argument, as in compare('vgg16', 'vgg19')",
        ),
        (lambda: cnncalc.solve(input="x"), "the input size must be a whole number, not 'x'"),
        (lambda: cnncalc.build("lenet5"), "needs a spec, not 'lenet5'; read one with load"),
        (lambda: cnncalc.analyze("lenet5"), "graph, not 'lenet5'; call summarize instead"),
        (lambda: cnncalc.reconcile("lenet5", 5), "write the number as text, such as '4.1G', not 5"),
        (lambda: cnncalc.largest("lenet5", "batch", 5), "give a budget, such as macs: 300M"),
        (
            lambda: cnncalc.sweep("lenet5", over={"batch": 5}),
            "over: 'batch' needs a list, as in [1, 8], not 5",
        ),
    ],
)
def test_a_wrong_argument_gets_one_clear_sentence(call, says):
    with pytest.raises(cnncalc.UsageError) as refused:
        call()
    assert str(refused.value).endswith(says)


def test_a_report_takes_no_options():
    report = cnncalc.summarize("lenet5")
    with pytest.raises(cnncalc.UsageError, match="takes no tiny, batch"):
        cnncalc.explain(report, tiny=True, batch=2)


def test_the_examples_in_the_docstrings_hold():
    for module in (exploring, network, questions, writing):
        failed, attempted = doctest.testmod(module)
        assert attempted
        assert not failed


def test_the_functions_annotations_resolve_lazily():
    assert typing.get_type_hints(api.Options)["batch"] is int


def test_solve_requires_a_size():
    with pytest.raises(cnncalc.UsageError, match="needs an input or an output size"):
        cnncalc.solve(kernel=3)
