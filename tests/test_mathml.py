"""MathML matches the text of an equation."""

import re
from xml.etree.ElementTree import fromstring

import pytest

import cnncalc
from cnncalc import layers
from cnncalc.core.shape import read_shape
from cnncalc.derivations import mathml
from cnncalc.derivations.equations import Working
from cnncalc.derivations.explain import explain
from cnncalc.formulas.expression import Expression


def flat(node):
    """MathML as text, with a fraction as a quotient and an index after an underscore."""
    parts = [flat(child) for child in node]
    match node.tag:
        case "mfrac":
            return f"({parts[0]})/({parts[1]})"
        case "msub":
            return "_".join(parts)
        case "mspace":
            return ""
    return ", " if node.text == "," else (node.text or "") + "".join(parts)


def workings(spec, layer):
    report = cnncalc.summarize(spec)
    return [one for found in explain(report[layer], report) for one in found.workings]


def test_a_floor_and_a_fraction_by_hand():
    conv = {"conv": {"filters": 8, "kernel": 3, "stride": 2, "padding": 1}}
    spec = {"input": "1x8x9", "layers": [conv]}
    lines = [flat(fromstring(mathml.equation(one))) for one in workings(spec, "conv1")]
    # (8 − 3 + 2)/2 = 3.5 and (9 − 3 + 2)/2 = 4
    assert "H_out=⌊(H_in−F+2·P)/(S)⌋+1=⌊(8−3+2·1)/(2)⌋+1=4" in lines
    assert "W_out=⌊(W_in−F+2·P)/(S)⌋+1=⌊(9−3+2·1)/(2)⌋+1=5" in lines


@pytest.mark.parametrize("kind", layers.names())
def test_every_equation_has_the_numbers_of_its_text(kind):
    for example in layers.load(kind).examples:
        inputs = {f"x{n}": read_shape(text) for n, text in enumerate(example.inputs)}
        layer = {kind: example.given, "name": "layer", "from": [*inputs]}
        spec = {"input": {name: [*shape] for name, shape in inputs.items()}, "layers": [layer]}
        for working in workings({**spec, "layout": "chw"}, "layer"):
            typeset = flat(fromstring(mathml.equation(working)))
            numbers = [re.findall(r"\d(?:[\d,.]*\d)?", text) for text in (typeset, working.text())]
            assert numbers[0] == numbers[1], (typeset, working.text())


@pytest.mark.parametrize(
    "given",
    [
        {"ask": "cross_entropy", "given": {"logits": "2 1", "target": "1 0"}},
        {"ask": "convolution", "given": {"input": "1 2 4", "kernel": "1 -1", "activation": "relu"}},
    ],
    ids=["scores", "numbers"],
)
def test_equations_known_only_as_text_keep_it(given):
    [graded] = cnncalc.grade({"questions": [{"name": "q", "answer": "5", **given}]})
    found = graded.marks[0].answer.question.derivation.workings
    assert found
    for working in found:
        typeset = flat(fromstring(mathml.equation(working)))
        assert typeset.replace("\xa0", " ") == working.text()


def test_signs_and_rounding_by_hand():
    three, two = Expression("", 3, "a"), Expression("", 2, "b")
    negative = Working("x", Expression("neg", -3, operands=(three,)))
    rounded = Working("y", Expression("round", 2, operands=(three, two)))
    minus = Working("z", Expression("-", 5, operands=(two, negative.expression)))
    lines = [flat(fromstring(mathml.equation(one))) for one in (negative, rounded, minus)]
    assert lines == ["x=−a=−3", "y=round((a)/(b))=round((3)/(2))=2", "z=b−(−a)=2−(−3)=5"]
