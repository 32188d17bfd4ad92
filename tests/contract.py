"""The contract of a layer kind. Each function takes a kind and fails if it breaks one promise."""

import inspect
from fractions import Fraction
from importlib import import_module
from math import prod
from pathlib import Path

import pytest

from cnncalc import layers
from cnncalc.core.cost import COUNTED, Operations, Parameters
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Example, Layer
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Map, Shape, read_shape
from cnncalc.formulas.tracing import tracing

FREE = "nothing is computed"
"""Required in a docstring without a paragraph on operations."""


def shapes(texts: tuple[str, ...]) -> tuple[Shape, ...]:
    return tuple(map(read_shape, texts))


def paragraphs(kind: type[Layer]) -> list[str]:
    own = inspect.cleandoc(vars(kind)["__doc__"] or "")
    return [" ".join(text.split()) for text in own.split("\n\n")]


def worked(kind: type[Layer], example: Example) -> tuple[Parameters, Operations]:
    layer, inputs = kind.parse(example.given), shapes(example.inputs)
    return layer.parameters(*inputs), layer.operations(*inputs)


def is_named_by_its_file(kind: type[Layer]) -> None:
    file = inspect.getsourcefile(kind)
    assert file is not None
    assert kind.kind == Path(file).stem
    assert layers.load(kind.kind) is kind


def is_explained(kind: type[Layer]) -> None:
    text = paragraphs(kind)
    # A dataclass without a docstring gets its signature as one.
    assert not text[0].startswith(f"{kind.__name__}("), "no docstring"
    assert text[0].endswith("."), "the explanation must begin with a sentence"
    assert (import_module(kind.__module__).__doc__ or "").rstrip().endswith(".")


def explains_its_operations(kind: type[Layer]) -> None:
    has_paragraph = any(text.startswith("Operations") for text in paragraphs(kind))
    assert has_paragraph or FREE in " ".join(paragraphs(kind)).lower()
    if not has_paragraph:
        for example in kind.examples:
            assert worked(kind, example)[1] == Operations(), example


def describes_every_field(kind: type[Layer]) -> None:
    for name, field in fields_of(kind).items():
        assert len(field.doc.split()) >= 2, name
        assert not field.doc.endswith("."), f"{name}: the description is not a sentence"
    if kind.main is not None:
        assert kind.main in fields_of(kind)


def gives_every_field_its_own_names(kind: type[Layer]) -> None:
    words = [word for name, field in fields_of(kind).items() for word in (name, *field.also)]
    assert len(words) == len(set(words)), words


def has_an_example_and_a_refusal(kind: type[Layer]) -> None:
    assert kind.examples
    assert kind.refusals
    assert all(len(example.source) >= 5 for example in kind.examples)


COUNTS = {"weights", "biases", "params", "buffers", "fixed", "macs"}


def gets_its_examples_right(kind: type[Layer]) -> None:
    given = {name for one in kind.examples for name in COUNTS if getattr(one, name)}
    if given & {"weights", "biases", "params"}:  # a few are enough
        given |= {"weights", "biases", "params"}
    none = dict.fromkeys(COUNTS - given, 0)
    for example in kind.examples:
        layer, inputs = kind.parse(example.given), shapes(example.inputs)
        held, done = layer.parameters(*inputs), layer.operations(*inputs)
        found = {
            "output": layer.infer(inputs),
            "weights": held.weights,
            "biases": held.biases,
            "params": held.params,
            "buffers": held.buffers,
            "fixed": held.fixed,
            "macs": layer.macs(*inputs),
            "operations": done,
        }
        claims = {name: getattr(example, name) for name in found if name != "output"}
        claimed = none | {name: value for name, value in claims.items() if value is not None}
        claimed["output"] = read_shape(example.output)
        assert {name: found[name] for name in claimed} == claimed, example


def names_its_tensors(kind: type[Layer]) -> None:
    for example in kind.examples:
        layer, inputs = kind.parse(example.given), shapes(example.inputs)
        held = sum(layer.parameters(*inputs))
        assert sum(map(prod, layer.tensors(*inputs).values())) == held, example


def refuses_its_refusals(kind: type[Layer]) -> None:
    for refusal in kind.refusals:
        try:
            layer = kind.parse(refusal.given)
            output = layer.infer(shapes(refusal.inputs))
        except LayerError as why:
            text = str(why)
            assert refusal.says in text, refusal
            assert "\n" not in text, refusal
            assert not text.endswith("."), refusal
        else:
            pytest.fail(f"{refusal} is accepted, with output {output}")


def is_found_by_its_aliases(kind: type[Layer]) -> None:
    for word in (kind.kind, *kind.aliases):
        for written in (word, word.upper(), word.replace("_", "-"), word.replace("_", "")):
            assert layers.find(written)[:2] == (kind, None), written


def counts_in_exact_integers(kind: type[Layer]) -> None:
    for example in kind.examples:
        layer, inputs = kind.parse(example.given), shapes(example.inputs)
        output = layer.infer(inputs)
        assert all(type(size) is int for size in output.dimensions), example
        cost = layer.cost(inputs, output)
        for name in COUNTED:
            # bool and traced integers are subclasses of int; neither may leak.
            assert type(getattr(cost, name)) is int, f"{name} of {example}"
            assert getattr(cost, name) >= 0, f"{name} of {example}"


def counts_the_same_when_traced(kind: type[Layer]) -> None:
    for example in kind.examples:
        layer, inputs = kind.parse(example.given), shapes(example.inputs)
        output = layer.infer(inputs)
        cost = layer.cost(inputs, output)
        with tracing() as steps:
            assert layer.infer(inputs) == output
            traced = layer.cost(inputs, output)
        assert traced == cost, example
        assert all(type(getattr(cost, name)) is int for name in COUNTED), example
        # Parameters and operations come from formulas, so that they can be shown.
        if sum(cost.operations) or cost.params or cost.buffers:
            assert {step.symbol for step in steps} - {"bytes"}, example


def scales_operations_but_not_parameters_with_the_batch(kind: type[Layer]) -> None:
    for example in kind.examples:
        layer, inputs = kind.parse(example.given), shapes(example.inputs)
        output = layer.infer(inputs)
        one, three = (layer.cost(inputs, output, batch) for batch in (1, 3))
        times = 1 if kind.once else 3
        assert three.operations == one.operations.times(times)
        assert three.macs == times * one.macs
        assert three.activation == 3 * one.activation == 3 * output.elements
        assert (three.params, three.buffers) == (one.params, one.buffers)


def uses_its_weights(kind: type[Layer]) -> None:
    for example in kind.examples:
        held, done = worked(kind, example)
        if (held.weights or held.biases) and "Operations: none" not in (kind.__doc__ or ""):
            assert sum(done) > 0, f"{example} has parameters and counts no operations"


def multiplies_and_adds_for_every_mac(kind: type[Layer]) -> None:
    for example in kind.examples:
        layer, inputs = kind.parse(example.given), shapes(example.inputs)
        macs, done = layer.macs(*inputs), layer.operations(*inputs)
        assert done.multiply >= macs, example
        assert done.add >= macs, example


def knows_what_an_output_reads(kind: type[Layer]) -> None:
    for example in kind.examples:
        layer, inputs = kind.parse(example.given), shapes(example.inputs)
        reach = layer.reach(*inputs)
        if reach is None:  # the same position of every input
            continue
        for x in inputs:
            assert len(reach) == (len(x.spatial) if isinstance(x, Map) else 0), example
        for one in reach:
            assert type(one.extent) is int, example
            assert one.extent >= 1, example
            assert one.stride >= 0, example
            assert isinstance(one.stride, int | Fraction), example


def has_the_products_of_its_nests(kind: type[Layer]) -> None:
    for example in kind.examples:
        layer, inputs = kind.parse(example.given), shapes(example.inputs)
        nests = layer.nests(*inputs)
        if nests is None:
            assert layer.macs(*inputs) or "macs" in layer.unknown, example
            continue
        products = 0
        for nest in nests:
            loops = prod(window.places * window.taps for window in nest.axes)
            products += nest.groups * nest.filters * nest.channels * loops
            for one in nest.axes:  # the windows lie on the padded input, and a next one does not
                read = (one.places - 1) * one.stride + one.dilation * (one.taps - 1) + 1
                assert read <= one.before + one.size + one.after < read + one.stride, example
        assert products == layer.macs(*inputs), example


def models_its_memory(kind: type[Layer]) -> None:
    assert kind.steps is not Layer.steps


def survives_a_round_trip(kind: type[Layer]) -> None:
    """Checked values are canonical: checking them again changes nothing."""
    for example in kind.examples:
        layer = kind.parse(example.given)
        given = {name: getattr(layer, name) for name in fields_of(kind)}
        set_ones = {name: value for name, value in given.items() if value is not None}
        assert kind.parse(set_ones) == layer
        assert hash(kind.parse(set_ones)) == hash(layer)


PROMISES = (
    is_named_by_its_file,
    is_explained,
    explains_its_operations,
    describes_every_field,
    gives_every_field_its_own_names,
    has_an_example_and_a_refusal,
    gets_its_examples_right,
    names_its_tensors,
    refuses_its_refusals,
    is_found_by_its_aliases,
    counts_in_exact_integers,
    counts_the_same_when_traced,
    scales_operations_but_not_parameters_with_the_batch,
    uses_its_weights,
    multiplies_and_adds_for_every_mac,
    knows_what_an_output_reads,
    has_the_products_of_its_nests,
    models_its_memory,
    survives_a_round_trip,
)
