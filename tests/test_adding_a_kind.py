"""Adding a layer kind takes one file."""

import sys

import onnx_bytes
import pytest
from contract import PROMISES
from generator import parts

import cnncalc
from cnncalc import layers
from cnncalc.core.errors import CnncalcError
from cnncalc.spec import schema

FILE = '''
"""Maxima of neighbouring channels."""

from typing import ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.formulas import operations
from cnncalc.core.layer import Example, Layer, Refusal, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.core.operation import Tensor
from cnncalc.core.tape import Tape


class ChannelMaximum(Layer):
    """Takes the maximum of every few neighbouring channels.

    Operations: maxima of n channels take n − 1 comparisons each.
    """

    aliases = ("chmax",)
    operators = {"ChannelMaximum": {"of": "of"}}
    main = "of"

    of: int = count("number of neighbouring channels to compare")

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        if x.channels % self.of:
            raise LayerError(f"{self.of} does not divide the {x.channels} channels")
        return Map(x.channels // self.of, x.spatial)

    def operations(self, x: Map) -> Operations:
        n_out = self.output(x).elements
        return Operations(compare=operations.window_reductions(n_out=n_out, taps=self.of))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Saves its input and its output, to find where the maxima were."""
        n_out = self.output(x.shape).elements
        return tape.op(x, makes=n_out, keeps=(x,), keeps_output=True)

    examples = (
        Example(
            given=3,
            inputs=("6x4x4",),
            output="2x4x4",
            params=0,
            operations=Operations(compare=64),  # 2·4·4 outputs, 2 comparisons each
            source="worked by hand",
        ),
    )
    refusals = (Refusal(4, ("6x4x4",), "4 does not divide the 6 channels"),)
'''
SPEC = {"name": "tiny", "input": "6x4x4", "layers": [{"chmax": 2}, {"linear": 10}]}


def forget():
    """Clear the caches of discovery."""
    for found in (layers.names, layers.find, layers._spellings, layers.of_onnx, layers._sources):
        found.cache_clear()


@pytest.fixture
def added(tmp_path):
    """The package of kinds with one more file."""
    (tmp_path / "channel_maximum.py").write_text(FILE.lstrip(), encoding="utf-8")
    layers.__path__.append(str(tmp_path))
    forget()
    yield layers.load("channel_maximum")
    layers.__path__.remove(str(tmp_path))
    # Forget only this file: other tests hold references to the other kinds.
    sys.modules.pop("cnncalc.layers.channel_maximum", None)
    vars(layers).pop("channel_maximum", None)
    layers.load.cache_clear()
    forget()


def test_the_new_kind_works_in_a_spec(added):
    report = cnncalc.summarize(SPEC)
    row = report["channel_maximum1"]
    assert row.kind == "channel_maximum"
    assert str(row.output) == "3×4×4"
    assert row.cost.compare == 48  # 3·4·4 outputs, 1 comparison each
    assert report.totals.params == 490  # (48 + 1)·10


def test_the_new_kind_is_suggested_for_a_misspelling(added):
    with pytest.raises(CnncalcError, match="did you mean 'chmax'"):
        cnncalc.summarize({**SPEC, "layers": [{"chmaxx": 2}]})
    with pytest.raises(CnncalcError, match="did you mean 'channel_maximum'"):
        cnncalc.summarize({**SPEC, "layers": [{"chanel_maximum": 2}]})


def test_errors_of_the_new_kind_give_their_location(added):
    with pytest.raises(CnncalcError, match=r"'channel_maximum1'.*4 does not divide the 6 channels"):
        cnncalc.summarize({**SPEC, "layers": [{"chmax": 4}]})


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_new_kind_passes_the_contract(added, promise):
    promise(added)


def test_the_new_kind_is_read_from_an_onnx_file(added, tmp_path):
    file = tmp_path / "net.onnx"
    nodes = [onnx_bytes.node("ChannelMaximum", "x", "y", of=2)]
    file.write_bytes(onnx_bytes.model(nodes, inputs=[("x", (1, 6, 4, 4))]))
    assert cnncalc.summarize(file)["channelmaximum"].output == (3, 4, 4)


def test_the_new_kind_is_written_to_an_onnx_file(added, tmp_path):
    pytest.importorskip("torch")
    file = tmp_path / "net.onnx"
    report = cnncalc.summarize({**SPEC, "layers": [{"chmax": 2}]})
    file.write_bytes(cnncalc.to_onnx(report, weights={}))
    assert cnncalc.summarize(file).totals.compare == report.totals.compare


def test_the_new_kind_is_documented_and_in_the_schema(added):
    assert "| `ChannelMaximum` | `channel_maximum` |" in parts.operations()
    assert "channel_maximum" in str(schema.schema())


def test_without_its_file_the_kind_is_unknown():
    assert "channel_maximum" not in layers.names()
    with pytest.raises(CnncalcError, match="no layer kind 'chmax'"):
        cnncalc.summarize(SPEC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must define one Layer, not 0"),
        (FILE + FILE.replace("class ChannelMaximum", "class Second"), "not 2"),
        (FILE.replace('("chmax",)', '("conv",)'), "'conv' names both"),
    ],
)
def test_a_malformed_kind_raises_a_type_error(tmp_path, text, says):
    (tmp_path / "odd_one.py").write_text(text, encoding="utf-8")
    layers.__path__.append(str(tmp_path))
    forget()
    layers.load.cache_clear()
    try:
        with pytest.raises(TypeError, match=says):
            layers.find("no such kind")
    finally:
        layers.__path__.remove(str(tmp_path))
        sys.modules.pop("cnncalc.layers.odd_one", None)
        layers.load.cache_clear()
        forget()
