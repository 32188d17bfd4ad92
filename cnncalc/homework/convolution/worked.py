"""A worked convolution: the sum of products in every window, then bias, activation and pooling.

Numbers are exact integers or fractions; only an activation with an exponential yields floats. The
layers ``conv``, ``conv_transpose``, ``max_pool`` and ``avg_pool`` determine the number and the
positions of windows, so that no size is computed in two places.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
from typing import Any, NamedTuple

from cnncalc.core.errors import UsageError
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map
from cnncalc.homework.convolution.activation import FUNCTIONS, activation_of
from cnncalc.homework.convolution.given import named_in_errors
from cnncalc.homework.convolution.matrix import Real, Tensor, plain
from cnncalc.homework.convolution.pooling import Pooling, pool_of
from cnncalc.homework.convolution.window import Place, check_work, footprints, pad, windows
from cnncalc.layers._pool import Pool
from cnncalc.layers._transposed import TransposedAxis
from cnncalc.layers._window import Axis
from cnncalc.layers.conv import Conv
from cnncalc.layers.conv_transpose import ConvTranspose

MAX_KERNELS = 64


class Sum(NamedTuple):
    """One output of a convolution: the pairs (number, weight) of every input channel, the sum of
    their products, and the bias."""

    place: Place
    pairs: tuple[tuple[tuple[Real, Real], ...], ...]
    products: Real
    bias: Real

    @property
    def result(self) -> Real:
        """The sum of the products and the bias."""
        return plain(self.products + self.bias)


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """Kernels that slide over an input."""

    input: Tensor
    kernels: tuple[Tensor, ...]
    layer: Conv | ConvTranspose
    """The layer that has the stride, padding and dilation. If it is transposed, every input is
    multiplied by the kernel, and overlapping products are added up."""
    mode: str
    """The padding mode: zeros, reflect, replicate or circular."""
    bias: Tensor | None
    """A signal with one number per kernel."""
    flip: bool
    """Whether kernels are flipped along every spatial axis, as in a mathematical convolution."""
    padded: Tensor
    """The input with its padding; the input itself if the convolution is transposed."""

    @property
    def axes(self) -> tuple[Axis, ...] | tuple[TransposedAxis, ...]:
        """The window along each axis."""
        return self.layer.axes(self.input.shape)

    def oriented(self, channel: int) -> Tensor:
        """A kernel (the first is 0) in the orientation in which it is applied to the input."""
        kernel = self.kernels[channel]
        flipped = kernel._replace(planes=tuple(plane[::-1] for plane in kernel.planes))
        return flipped if self.flip else kernel

    def sums(self, channel: int) -> Iterator[Sum]:
        """Every window of one kernel, in the order of the output."""
        bias = self.bias.planes[0][channel] if self.bias else 0
        weights = self.oriented(channel).planes
        for place, cells, taps, products in self._windows(channel):
            numbers = ([plane[cell] for cell in cells] for plane in self.padded.planes)
            under = ([plane[tap] for tap in taps] for plane in weights)
            pairs = tuple(tuple(zip(*both, strict=True)) for both in zip(numbers, under))
            yield Sum(place, pairs, products, bias)

    def output(self) -> Tensor:
        """The sums of products of every kernel, without bias."""
        places = tuple(axis.places() for axis in self.axes)
        planes = tuple(
            tuple(products for *_, products in self._windows(channel))
            for channel in range(len(self.kernels))
        )
        decimal = any(tensor.decimal for tensor in (self.input, *self.kernels))
        return Tensor(Map(len(self.kernels), places), planes, decimal)

    def _windows(self, channel: int) -> Iterator[tuple[Place, list[int], Sequence[int], Real]]:
        """Every position of the output, the cells that it reads, the taps of a kernel that they are
        multiplied by, and the sum of the products.

        With a common denominator, only integers are multiplied, which is much faster.
        """
        denominator, planes = self.padded.whole()
        below, weights = self.oriented(channel).whole()
        for place, cells, taps in self._reads():
            total = sum(
                sum(map(mul, map(plane.__getitem__, cells), map(row.__getitem__, taps)))
                for plane, row in zip(planes, weights)
            )
            yield place, cells, taps, plain(Fraction(total, denominator * below))

    def _reads(self) -> Iterator[tuple[Place, list[int], Sequence[int]]]:
        if isinstance(self.layer, ConvTranspose):
            yield from footprints(self.layer.axes(self.input.shape))
            return
        taps = range(len(self.kernels[0].planes[0]))
        for place, cells in windows(self.layer.axes(self.input.shape)):
            yield place, cells, taps


class Stage(NamedTuple):
    """The output of one step: the ``convolution``, the ``bias``, or a layer, whose kind is then the
    name of the stage."""

    name: str
    output: Tensor


class Worked(NamedTuple):
    """A worked convolution, with the output of every stage."""

    convolution: Convolution
    activation: Layer | None
    pooling: Pooling | None
    stages: tuple[Stage, ...]

    @property
    def output(self) -> Tensor:
        """The final output, one channel for each kernel."""
        return self.stages[-1].output

    def __str__(self) -> str:
        """The steps as text, as ``cnncalc convolve`` shows them by default."""
        from cnncalc.homework.convolution.formats import WIDE, as_text
        from cnncalc.homework.convolution.sheet import sections

        return as_text(sections(self), WIDE).rstrip("\n")


def convolve(
    x: Tensor,
    kernels: Sequence[Tensor],
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    mode: str = "zeros",
    bias: Tensor | None = None,
    flip: bool = False,
    activation: Layer | str | None = None,
    pool: Pool | str | None = None,
    transposed: bool = False,
    output_padding: Any = 0,
) -> Worked:
    """Work out the convolution of an input with kernels that have the same number of channels.

    ``stride``, ``padding`` and ``dilation`` are those of the layer ``conv``; ``mode`` says how to
    fill the padding. If ``transposed``, the first three and ``output_padding`` are those of the
    layer ``conv_transpose``. ``activation`` and ``pool`` are layers, or words for ``activation_of``
    and ``pool_of``. ``bias`` is a signal of one number for each kernel, or of one for all. Raises
    CnncalcError if the input, kernels and biases do not match, if a setting is not valid, or if
    there is too much to compute.
    """
    activation = activation_of(activation) if isinstance(activation, str) else activation
    with named_in_errors("pool"):
        pool = pool_of(pool) if isinstance(pool, str) else pool
    _check(x, kernels)
    fields = {
        "out_channels": len(kernels),
        "kernel_size": kernels[0].shape.spatial,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "bias": bias is not None,
    }
    layer, padded = (
        _transposed(x, fields, mode, output_padding)
        if transposed
        else _sliding(x, fields, mode, output_padding)
    )
    convolution = Convolution(
        input=x,
        kernels=tuple(kernels),
        layer=layer,
        mode=mode,
        bias=_one_each(bias, len(kernels)) if bias else None,
        flip=flip,
        padded=padded,
    )
    stages = [Stage("convolution", convolution.output())]
    if convolution.bias:
        stages.append(Stage("bias", _biased(stages[-1].output, convolution.bias)))
    if activation:
        stages.append(Stage(activation.kind, _activated(stages[-1].output, activation)))
    pooling = Pooling(stages[-1].output, pool) if pool else None
    if pooling:
        stages.append(Stage(pooling.layer.kind, pooling.output()))
    return Worked(convolution, activation, pooling, tuple(stages))


def _sliding(
    x: Tensor, fields: dict[str, Any], mode: str, output_padding: Any
) -> tuple[Conv, Tensor]:
    """The layer of a convolution, and the input with its padding."""
    if output_padding not in (0, "0"):
        raise UsageError("only a transposed convolution takes an output padding")
    layer = Conv.parse(fields)
    axes = layer.axes(x.shape)
    check_work(layer.macs(x.shape), x.shape, axes, layer.output(x.shape))
    return layer, pad(x, axes, mode)


def _transposed(
    x: Tensor, fields: dict[str, Any], mode: str, output_padding: Any
) -> tuple[ConvTranspose, Tensor]:
    """The layer of a transposed convolution, and its input, which is not padded."""
    if mode != "zeros":
        raise UsageError(
            "the padding of a transposed convolution crops its output, so there is nothing to fill",
            "leave out the mode",
        )
    if fields["padding"] == "valid":
        fields["padding"] = 0
    layer = ConvTranspose.parse({**fields, "output_padding": output_padding})
    check_work(layer.macs(x.shape), x.shape, (), layer.output(x.shape))
    return layer, x


def _check(x: Tensor, kernels: Sequence[Tensor]) -> None:
    """Raise UsageError unless the kernels match each other and the input."""
    if not 1 <= len(kernels) <= MAX_KERNELS:
        raise UsageError(f"a convolution takes 1 to {MAX_KERNELS} kernels, not {len(kernels)}")
    first = kernels[0].shape
    for place, kernel in enumerate(kernels, 1):
        if kernel.shape != first:
            raise UsageError(
                f"kernel {place} is {kernel.shape}, but kernel 1 is {first}; all kernels of a "
                "layer must have the same shape"
            )
    channels = x.shape.channels
    if first.channels != channels:
        raise UsageError(
            f"the {x.shape} input has {channels} channel{'s' * (channels != 1)}, but the "
            f"{first} kernel has {first.channels}; give each kernel one plane per channel, and "
            "separate planes with |"
        )


def _one_each(bias: Tensor, count: int) -> Tensor:
    """One bias per kernel; raises UsageError unless there is one for each, or one for all."""
    channels, spatial, numbers = bias.shape.channels, bias.shape.spatial, bias.planes[0]
    if channels > 1 or len(spatial) > 1 or len(numbers) not in (1, count):
        kernels = "there is 1 kernel" if count == 1 else f"there are {count} kernels"
        if bias.shape.elements == count:
            raise UsageError("bias: write the numbers on a single line, as in 0.1, 0.2")
        biases = f"{bias.shape.elements} bias{'es' * (bias.shape.elements != 1)}"
        raise UsageError(f"bias: {kernels}, but {biases}; give one for each kernel, or one for all")
    numbers = numbers if len(numbers) == count else numbers * count
    return bias._replace(shape=Map(1, (count,)), planes=(numbers,))


def _biased(u: Tensor, bias: Tensor) -> Tensor:
    """The tensor with each kernel's bias added."""
    planes = tuple(
        tuple(plain(number + b) for number in plane)
        for plane, b in zip(u.planes, bias.planes[0], strict=True)
    )
    return u._replace(planes=planes, decimal=u.decimal or bias.decimal)


def _activated(u: Tensor, layer: Layer) -> Tensor:
    """The activation of every number."""
    value = FUNCTIONS[layer.kind].of(layer)
    return u._replace(planes=tuple(tuple(map(value, plane)) for plane in u.planes))
