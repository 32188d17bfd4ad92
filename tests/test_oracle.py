"""PyTorch as oracle: every kind in torch.nn, with random geometry and no weights allocated.

Shapes, parameters, buffers and MACs must be equal, and both must refuse the same layers.
"""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_modules import PLAIN
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torch_modules import TWINS, module_of, written

from cnncalc import layers
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape, read_shape
from cnncalc.layers._recurrent import Recurrent

pytestmark = pytest.mark.filterwarnings(
    # It only says that PyTorch copies the input.
    "ignore:Using padding='same' with even kernel lengths and odd dilation:UserWarning"
)

BATCH = 2
"""More than one image: PyTorch cannot tell one image from an image without a batch, and a single
number has no variance."""

NO_LAYERS = {"Module", "Container"}


def torch_kinds() -> dict[str, type[Layer]]:
    """The classes of torch.nn whose names mean a kind."""
    known = {}
    for name, module in vars(nn).items():
        if isinstance(module, type) and issubclass(module, nn.Module) and name not in NO_LAYERS:
            try:
                known[name] = layers.find(name)[0]
            except LayerError:
                continue
    return known


def torch_figures(layer: Layer, x: Shape, device: str) -> dict[str, Any]:
    """PyTorch's figures of a layer; raises whatever PyTorch raises."""
    counter = FlopCounterMode(display=False)
    # oneDNN's recurrent kernels hide their products from the counter.
    hidden = torch.backends.mkldnn.flags(enabled=not isinstance(layer, Recurrent), allow_tf32=None)
    with torch.device(device), torch.no_grad(), hidden:
        module = module_of(layer, x)
        assert module is not None, "torch.nn has no module for these fields"
        with counter:
            y = module(torch.zeros(BATCH, *x.dimensions))
    named = [
        ("bias" in name.rpartition(".")[2], p.numel()) for name, p in module.named_parameters()
    ]
    return {
        "output": tuple(y.shape),
        "weights": sum(numel for is_bias, numel in named if not is_bias),
        "biases": sum(numel for is_bias, numel in named if is_bias),
        "buffers": sum(buffer.numel() for buffer in module.buffers()),
        "FLOPs": counter.get_total_flops(),
    }


def cnncalc_figures(layer: Layer, x: Shape) -> dict[str, Any]:
    """cnncalc's figures of a layer; raises LayerError if it refuses the layer."""
    output = layer.infer((x,))
    cost = layer.cost((x,), output, BATCH)
    return {
        "output": (BATCH, *output.dimensions),
        "weights": cost.weights,
        "biases": cost.biases,
        "buffers": cost.buffers,
        "FLOPs": cost.flops,
    }


def agree(layer: Layer, x: Shape, devices: tuple[str, ...]) -> None:
    """Fail unless PyTorch and cnncalc agree on these devices, or both refuse the layer.

    Refusals are checked on the CPU, because the meta device does not check everything. An output
    without elements counts as a refusal: cnncalc has no size 0.
    """
    try:
        ours = cnncalc_figures(layer, x)
    except LayerError as why:
        try:
            theirs = torch_figures(layer, x, "cpu")
        except (RuntimeError, ValueError, TypeError, NotImplementedError):
            return
        if 0 in theirs["output"]:
            return
        pytest.fail(f"{layer} of {x}: cnncalc refuses ({why}), but PyTorch gives {theirs}")
    for device in devices:
        assert ours == torch_figures(layer, x, device)


@pytest.mark.parametrize("kind", TWINS)
@settings(deadline=None)
@given(data=st.data())
def test_pytorch_agrees_on_random_geometry(kind, data):
    twin = TWINS[kind]
    x = data.draw(twin.inputs)
    layer = layers.load(kind).parse(written(data.draw(twin.fields(x))))
    agree(layer, x, ("meta", "cpu"))


EXAMPLES = [
    pytest.param(kind, example, id=f"{kind}-{index}")
    for kind in TWINS
    for index, example in enumerate(layers.load(kind).examples)
    if len(example.inputs) == 1
]


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_pytorch_agrees_on_the_worked_examples(kind, example):
    layer = layers.load(kind).parse(example.given)
    (x,) = map(read_shape, example.inputs)
    if module_of(layer, x) is None:
        pytest.skip("torch.nn has no module for these fields")
    agree(layer, x, ("meta",))


HARD = [
    # The last window of ceil mode would start beyond 19 + 1: 4 places, not 5.
    ("max_pool", {"kernel": 5, "stride": 5, "padding": 1, "ceil_mode": True}, "1x19"),
    # PyTorch allows padding up to half of the window's size without dilation.
    ("max_pool", {"kernel": 3, "padding": 2, "dilation": 2}, "1x9"),
    ("max_pool", {"kernel": 3, "padding": 2, "dilation": 2}, "1x9x9"),
    ("max_pool", {"kernel": 3, "padding": 2, "dilation": 2}, "1x9x9x9"),
    ("conv_transpose", {"filters": 1, "kernel": 3, "stride": 2, "output_padding": 2}, "1x5x5"),
    ("conv_transpose", {"filters": 4, "kernel": 3, "stride": 2, "groups": 2}, "2x5x5"),
    ("instance_norm", None, "4x1x1"),
    ("group_norm", 4, "4"),
]


@pytest.mark.parametrize(("kind", "fields", "shape"), HARD)
def test_pytorch_agrees_where_other_tools_are_wrong(kind, fields, shape):
    agree(layers.load(kind).parse(fields), read_shape(shape), ("meta", "cpu"))


def test_every_kind_in_torch_nn_is_compared():
    known = {*TWINS, *PLAIN}
    missing = {name: kind.kind for name, kind in torch_kinds().items() if kind.kind not in known}
    assert not missing


def test_the_oracle_notices_a_wrong_count(monkeypatch):
    conv = layers.load("conv")
    layer, x = conv.parse({"filters": 4, "kernel": 3}), read_shape("3x8x8")
    agree(layer, x, ("meta",))
    monkeypatch.setattr(conv, "macs", lambda self, x: 1)
    with pytest.raises(AssertionError, match="FLOPs"):
        agree(layer, x, ("meta",))


def test_the_oracle_notices_an_unnecessary_refusal(monkeypatch):
    def refuse(self, x):
        raise LayerError("no")

    pool = layers.load("max_pool")
    monkeypatch.setattr(pool, "output", refuse)
    with pytest.raises(pytest.fail.Exception, match="cnncalc refuses"):
        agree(pool.parse(2), read_shape("3x8x8"), ("meta",))


def test_the_oracle_notices_a_missing_refusal(monkeypatch):
    pool = layers.load("max_pool")
    monkeypatch.setattr(pool, "output", lambda self, x: x)
    with pytest.raises(RuntimeError, match="at most half"):
        agree(pool.parse({"kernel": 3, "padding": 2}), read_shape("3x8x8"), ("meta",))
