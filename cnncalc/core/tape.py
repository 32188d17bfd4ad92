"""PyTorch's use of memory: the operations of a network, the tensors that autograd saves, and those
that the backward pass allocates.

A layer records its forward pass on a tape (``Layer.steps``) as PyTorch operations; nothing is
computed. ``cnncalc.footprint`` walks the tape forward and backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.core import strides
from cnncalc.core.errors import LayerError
from cnncalc.core.operation import Layout, Tensor, is_sorted
from cnncalc.core.record import Record, between
from cnncalc.core.shape import Map
from cnncalc.formulas import memory

FULL_BYTES = 4
"""The bytes of a float32."""

MASK_BYTES = 1
"""The bytes of a bool."""

COPIED = "its input is not contiguous, and how PyTorch copies it is not modelled"
"""The error for an operation whose input may be copied first."""

CHANNELS_LAST: dict[tuple[int, ...], bool | None] = {(1, 2, 0): True, (1, 2, 3, 0): None}
"""``Tensor.channels_last`` for each order of axes in memory in which it may be true."""


class Tape(Record):
    """The operations of PyTorch that layers record."""

    def overwritten(self, x: Tensor, *, keeps_output: bool) -> Tensor:
        """An operation that writes its output over its input. Its backward pass reads the output
        if ``keeps_output``, otherwise a copy of the input. Raises LayerError if PyTorch refuses the
        backward pass."""
        if x in self.views and x.needs_gradient:
            self.guess("it overwrites a view")
        if x.storage in self.saved:
            raise LayerError(
                "it overwrites a tensor that an earlier layer saved for backward, so PyTorch "
                "refuses the backward pass; remove 'inplace'"
            )
        output = self._itself(x)
        own = x.bytes if x.needs_gradient and not keeps_output else 0
        self._play([x], (output,), [output] if keeps_output else [], own)
        return output

    def changed(self, x: Tensor, beside: int) -> Tensor:
        """A copy of one part of a tensor to another part. Its backward pass changes a copy of the
        gradient, and needs ``beside`` more bytes."""
        output = self._itself(x)
        self._play([x], (output,), beside=beside, layout=Layout.ORDER)
        return output

    def _itself(self, x: Tensor) -> Tensor:
        """The tensor after it was changed in place."""
        output = self._tensor(x.numbers, x.size, x.storage, [x])
        output.gaps, output.reordered, output.interleaved = x.gaps, x.reordered, x.interleaved
        output.channels_last, output.strided = x.channels_last, x.strided
        return output

    def normalized(
        self, x: Tensor, *parameters: Tensor, own: int, contiguous: bool = False
    ) -> Tensor:
        """A normalization, which saves its input and any scale. ``contiguous`` means that the
        backward pass first makes the output's gradient contiguous."""
        layout = Layout.COPY if contiguous else Layout.KEEP
        return self.op(x, *parameters, keeps=(x, *parameters[:1]), own=own, layout=layout)

    def joined(self, *parts: Tensor, makes: int, later: bool = False) -> Tensor:
        """A concatenation along the first of an image's axes that is longer than 1 or, if
        ``later``, along an axis after it. Each part's gradient is a view of the output's."""
        layout = Layout.NARROW if later else Layout.SPLIT
        return self.op(*parts, makes=makes, passes=range(len(parts)), layout=layout)

    def reshaped(self, x: Tensor, *sizes: int) -> Tensor:
        """The same elements in a shape with these sizes, batch first: a view, or a copy where no
        such view exists. Raises LayerError if that is not known."""
        if x.in_order:
            output = self.view(x, Layout.RESHAPE)
            output.strided = None
            # A contiguous tensor stays contiguous; ``viewed`` would compare sizes, which narrows
            # the batch sizes for which a formula holds.
            if x.strided and x.strided != strides.contiguous(x.strided.sizes):
                output.strided = x.strided.viewed(sizes)
            return output
        self.guess("its input is not contiguous")
        if x.strided is None and x.shape is not None:
            longer = [size for size in x.shape.dimensions if size > 1]
            if longer == [size for size in sizes[1:] if size > 1]:
                return self.view(x, Layout.RESHAPE)
        found = self.strided(x).viewed(sizes)
        output = self.view(x, Layout.RESHAPE) if found else self.op(x, passes=(0,), ordered=True)
        return self.laid(output, found or strides.contiguous(sizes))

    def merged(self, x: Tensor, axis: int, copies: bool = False) -> Tensor:
        """The tensor, laid out so that the batch can be merged with an axis of an image, with the
        batch as the outer axis: the same memory if a view can merge them and ``copies`` is false,
        otherwise a copy. Raises LayerError if that is not known."""
        self.guess("the images are merged with another axis")
        given = self.strided(x)
        order = [*range(1, axis + 1), 0, *range(axis + 1, len(given.sizes))]
        moved = given.permuted(order)
        sizes = (*moved.sizes[:axis], prod(moved.sizes[axis : axis + 2]), *moved.sizes[axis + 2 :])
        if not copies and moved.viewed(sizes):
            return self.laid(self.view(x), given)
        copy = strides.contiguous(moved.sizes)
        back = [order.index(place) for place in range(len(order))]
        return self.laid(self.op(x, passes=(0,), ordered=True), copy.permuted(back))

    def frames(self, x: Tensor, frames: int) -> Tensor:
        """The frames along the first spatial axis as images of the batch: a view, or a copy where
        no such view exists. Raises LayerError if that is not known."""
        self.guess("its frames are images of the batch")
        given = self.strided(x)
        moved = given.permuted((0, 2, 1, *range(3, len(given.sizes))))
        sizes = (self.batch * frames, moved.sizes[2], *moved.sizes[3:])
        if found := moved.viewed(sizes):
            return self.laid(self.view(x), found)
        return self.ordered(self.op(x, passes=(0,), ordered=True), *sizes)

    def frames_together(self, x: Tensor, frames: int) -> Tensor:
        """A view of such images as frames again."""
        found = x.strided and x.strided.viewed((self.batch, frames, *x.strided.sizes[1:]))
        order = found and (0, 2, 1, *range(3, len(found.sizes)))
        return self.laid(self.view(x), found.permuted(order) if found and order else None)

    def kept(
        self, x: Tensor, y: Tensor, sizes: tuple[int, ...], axes: Sequence[int]
    ) -> strides.Strided | None:
        """The layout of y, with these sizes, batch first, if it has the memory format of x for
        these numbers of spatial axes; None if that is not known."""
        if x.in_order and y.in_order:
            return strides.contiguous(sizes)
        format = x.strided.format if x.strided else ()
        if len(sizes) - 2 not in axes or not format:
            return None
        return strides.ordered(sizes, format)

    def split_images(self, x: Tensor) -> Tensor:
        """A view that splits an axis of all images' channels into images and channels."""
        output = self.view(x, Layout.MERGE)
        output.strided = None
        return output

    def laid(self, x: Tensor, strided: strides.Strided | None) -> Tensor:
        """Give the tensor this layout (None if it is not known), and return it."""
        x.gaps, x.interleaved = strided is not None and not strided.dense, False
        x.strided, x.order = strided, None
        x.reordered = strided is None or not strided.contiguous
        x.channels_last = None if x.reordered else False
        return x

    def ordered(self, x: Tensor, *sizes: int) -> Tensor:
        """Mark the tensor as contiguous, with these sizes, batch first, and return it."""
        return self.laid(x, strides.contiguous(sizes))

    def formatted(self, x: Tensor) -> Tensor:
        """The tensor if it is contiguous in its memory format (on CUDA, always channels first), or
        else a copy that is. Raises LayerError if the format is not known."""
        if x.in_order:
            return x
        self.guess("its input is not contiguous")
        strided = self.strided(x)
        first = range(len(strided.sizes))[::-1]
        format = first if self.cuda or len(first) not in strides.MAPS else strided.format
        if not format:
            return self.in_order(x)
        if strided.lies(format):
            return x
        copy = self.op(x, passes=(0,), ordered=True)
        return self.laid(copy, strides.ordered(strided.sizes, format))

    def suggested(self, y: Tensor, x: Tensor, *sizes: int) -> Tensor:
        """The output y of a convolution, with these sizes, batch first, in the memory format that
        the input x suggests to PyTorch. The format is left open on CUDA, in dtypes other than
        float32, and for volumes with channels last, where it depends on the number of threads."""
        if x.in_order or not x.strided or len(sizes) not in strides.MAPS:
            return y
        format = x.strided.suggested
        known = len(sizes) == len(strides.LAST) or format[0] != 1
        if known and y.size == FULL_BYTES and not self.cuda:
            y.strided = strides.ordered(sizes, format)
        return y

    def strided(self, x: Tensor) -> strides.Strided:
        """Its sizes and strides. Raises LayerError if they are not known."""
        if x.strided is None:
            raise LayerError(COPIED)
        return x.strided

    def guess(self, why: str) -> None:
        """Note that the peaks are not modelled, only what is saved."""
        reason = f"{why}, so peak memory is not modelled, only what is saved for backward"
        self.unclear = self.unclear or (self.row, LayerError(reason))

    def guess_order(self, x: Tensor) -> None:
        """Note that the peaks are not modelled if the order of a map in memory is not known."""
        if x.reordered and 1 in x.shape.dimensions:
            self.guess("the order of its input in memory is not known, because an axis has size 1")

    def permuted(self, x: Tensor, order: tuple[int, ...]) -> Tensor:
        """The same elements with the axes of an image in this order, which is empty if the batch
        axis moves too."""
        sizes = x.shape.dimensions if x.shape else ()
        stays = bool(order) and is_sorted(order, sizes or (2,) * len(order))
        output = self.view(x, Layout.FOLLOW if stays else Layout.PERMUTE)
        known = x.strided and len(x.strided.sizes) == 1 + len(order)
        axes = (0, *(1 + axis for axis in order))
        output.strided = x.strided.permuted(axes) if x.strided and known else None
        output.reordered, output.channels_last = True, False
        if order and not x.interleaved:
            output.order = before = _order_of(x, len(order))
            output.channels_last = None
            if before is not None:
                output.order = tuple(map(order.index, before))
                output.reordered = output.order != tuple(range(len(order)))
                output.channels_last = CHANNELS_LAST.get(output.order, False)
        return output

    def part(self, x: Tensor, makes: int, strided: strides.Strided | None = None) -> Tensor:
        """A view of some elements, perhaps repeated, ``makes`` per image. The gradient is a new
        tensor of the input's size."""
        numbers = makes * self.batch
        output = self._tensor(numbers, x.size, x.storage, [x])
        output.gaps, output.reordered, output.channels_last = True, x.reordered, x.channels_last
        output.strided = strided
        self.views.add(output)
        self._play([x], (output,), layout=Layout.ORDER)
        return output

    def split(self, x: Tensor, sizes: Sequence[int]) -> tuple[Tensor, ...]:
        """Views of consecutive parts with these numbers of elements; their gradients are
        concatenated in one step."""
        outputs = tuple(self._tensor(size, x.size, x.storage, [x]) for size in sizes)
        self._play([x], outputs)
        return outputs

    def in_order(self, x: Tensor) -> Tensor:
        """The tensor itself. Raises LayerError if PyTorch may copy it first."""
        if not x.in_order:
            self.guess("its input is not contiguous")
            if not self.strided(x).contiguous:
                raise LayerError(COPIED)
        return x

    # Precision, which only autocast changes.

    def lowered(self, *tensors: Tensor) -> list[Tensor]:
        """Copies in low precision, for convolutions and matrix products under autocast, made from
        the last tensor to the first; without autocast, the tensors themselves. Copies of trained
        parameters are cached."""
        low = self.low or self.size
        return [self._cast(one, min(one.size, low)) for one in reversed(tensors)][::-1]

    def raised(self, x: Tensor, *, cuda: bool) -> Tensor:
        """A copy in full precision, for operations that autocast always runs in full precision: on
        CUDA with ``cuda``, otherwise on the CPU. On the other device, the tensor itself."""
        return self._cast(x, self.size if self.low and cuda == self.cuda else x.size)

    def statistics(self, n: int, x: Tensor, held: bool) -> int:
        """The bytes of n means or deviations of a tensor. They have its precision or, if the layer
        holds parameters (``held``) in a higher one, theirs; on CUDA, at least float32."""
        size = max(x.size, self.size if held else 0)
        return memory.size_in_bytes(n, max(size, FULL_BYTES) if self.cuda else size)

    def widest(self, *tensors: Tensor) -> list[Tensor]:
        """The tensors in the highest precision among them, copied where their own is lower."""
        size = max(one.size for one in tensors)
        return [self._cast(one, size) for one in tensors]

    def _cast(self, x: Tensor, size: int) -> Tensor:
        if size == x.size or x in self.cached:
            return self.cached.get(x, x)
        copy = self.op(x, shared=x.numbers, size=size)
        copy.strided = between(x)
        if x.parameter and not x.frozen:
            self.cached[x] = copy
        else:
            self.originals[copy] = x
        return copy

    # Arithmetic, in the highest precision of its inputs.

    def convolution(
        self, x: Tensor, weights: int, biases: int, makes: int, *, spans: bool
    ) -> Tensor:
        """A convolution with this many weights and biases, which saves its input.

        ``spans`` means that a filter has several channels and several positions; the gradient of
        the weights then has the memory format of the input. Raises LayerError if the weights are
        shared and such gradients have channels last.
        """
        parameters = self.trained(weights, biases)
        if spans and x.channels_last is None and self.learns:
            self.guess("its input may have its channels last in memory")
        copies = spans and bool(x.channels_last)
        if self._lent is not None and (copies or parameters[0].copies_gradient):
            raise LayerError(
                "a layer that uses its weights reads a map with channels last, and how PyTorch "
                "adds up the gradients of shared weights is then not modelled"
            )
        parameters[0].copies_gradient = copies
        return self.filtered(x, *parameters, makes=makes)

    def filtered(self, x: Tensor, *filters: Tensor, makes: int) -> Tensor:
        """A convolution with these filters and biases, which saves its input and the filters."""
        given, *held = self.lowered(x, *filters)
        keeps = (given, held[0])
        return self.op(given, *held, makes=makes, keeps=keeps, layout=Layout.KEEP)

    def linear(self, x: Tensor, weights: int, biases: int, makes: int) -> Tensor:
        """A matrix product with this many weights and biases."""
        given, weight, *bias = self.lowered(x, *self.trained(weights, biases))
        keeps, size = self.factors(given, weight), given.size
        # PyTorch's addmm delivers the gradient of the biases first, and that of the weights to a
        # transposed view, whose own node delivers it after the others have been freed.
        return self.op(
            *bias, given, self.view(weight), makes=makes, keeps=keeps, size=size, layout=Layout.KEEP
        )

    def factors(self, a: Tensor, b: Tensor) -> list[Tensor]:
        """The factors that a product saves: each of the two if the other needs a gradient."""
        return [kept for kept, other in ((a, b), (b, a)) if other.needs_gradient]

    def attended(self, query: Tensor, *others: Tensor) -> Tensor:
        """Attention in one kernel. It saves its inputs, its output, and for each row of scores a
        logarithm in float32 or a higher precision."""
        rows = query.numbers // query.shape[-1]
        own = memory.size_in_bytes(rows, max(query.size, FULL_BYTES))
        y = self.op(query, *others, keeps=(query, *others), keeps_output=True, own=own)
        return self.laid(y, between(query))

    def dropout(self, x: Tensor, p: float) -> Tensor:
        """Elementwise dropout: multiplies by one factor per element, or by a single zero if p is 1.
        On CUDA, a mask of one byte per element is saved instead of the factors."""
        if self.cuda and p < 1:
            return self.op(x, own=x.numbers * MASK_BYTES)
        factors = self.op(shared=1 if p == 1 else x.numbers, size=x.size)
        factors.strided = x.strided if x.strided and x.strided.dense else None
        return self.multiply(x, factors)

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """The sum; a parameter with fewer axes is broadcast."""
        size = max(a.size, b.size)
        passes = [i for i, x in enumerate((a, b)) if x.size == size and not x.parameter]
        return self.op(a, b, passes=passes, size=size)

    def subtract(self, a: Tensor, b: Tensor) -> Tensor:
        """The difference, which saves nothing; the gradient of ``b`` is a new tensor, which is
        then summed to the size of ``b`` if that is a parameter."""
        size = max(a.size, b.size)
        passes = (0,) if a.size == size else ()
        beside = _fitted([b], a.numbers, size) if b.parameter and b.needs_gradient else 0
        return self.op(a, b, passes=passes, beside=beside, size=size)

    def maximum(self, a: Tensor, b: Tensor) -> Tensor:
        """The larger of two, element by element. The backward pass needs half of the output's
        gradient, for ties, and two masks."""
        a, b = self.widest(a, b)
        beside = a.bytes + 2 * a.numbers * MASK_BYTES
        return self.op(a, b, keeps=(a, b), beside=beside)

    def multiply(self, a: Tensor, b: Tensor, makes: int | None = None) -> Tensor:
        """The product, with ``makes`` elements per image; factors with fewer elements are
        broadcast."""
        numbers = a.numbers if makes is None else makes * self.batch
        size = max(a.size, b.size)
        wanted = [factor for factor in (a, b) if factor.needs_gradient]
        keeps = self.factors(a, b)
        beside = _fitted(wanted, numbers, size)
        output = self.op(a, b, makes=makes, keeps=keeps, beside=beside, size=size)
        output.strided = between(a, b)
        return output

    def divide(self, a: Tensor, b: Tensor) -> Tensor:
        """The quotient."""
        size = max(a.size, b.size)
        wanted = [x for x in (a, b) if x.needs_gradient]
        keeps = [a, b] if b.needs_gradient else [b]
        beside = _fitted(wanted, a.numbers, size)
        if b.needs_gradient:  # computed first: two quotients, a negation, a product
            peak = 4 * memory.size_in_bytes(a.numbers, size)
            beside = max(beside, peak - sum(x.bytes for x in wanted))
        return self.op(a, b, keeps=keeps, beside=beside, size=size)

    def subtracted(self, x: Tensor, makes: int) -> Tensor:
        """The differences from constants in the parameters' precision, ``makes`` per image."""
        size = max(x.size, self.size)
        # Its gradient is the sum of the gradient of the differences, cast if precisions differ.
        beside = x.numbers * size if x.size != size else 0
        return self.op(x, makes=makes, size=size, beside=beside)

    def summed(self, x: Tensor, makes: int) -> Tensor:
        """Sums over axes; the gradient is a view that repeats the output's gradient. Raises
        LayerError under autocast on CUDA."""
        if self.low and self.cuda:
            raise LayerError("sums under autocast on CUDA are not modelled")
        return self.op(x, makes=makes, passes=(0,), layout=Layout.EXPAND)

    def averaged(self, x: Tensor, image: Map) -> Tensor:
        """The mean of every channel. PyTorch gives the means of a map with channels last the same
        memory format, and then copies their gradient."""
        channels = image.channels
        means = self.op(x, makes=channels)
        if not self.learns or x.interleaved or not x.reordered:
            return means
        rows = x.order == (1, 0)  # a signal, which PyTorch reads as a map of one row
        last = rows or x.channels_last
        if x.order is not None and last is False:
            return means
        if not last or 1 in (channels, image.elements // channels):
            self.guess("its input is not contiguous")
            return means
        output = self.part(means, channels)
        output.gaps = False
        return output

    def sigmoid(self, x: Tensor) -> Tensor:
        """A sigmoid, which saves its output."""
        return self.op(x, keeps_output=True)

    def tanh(self, x: Tensor) -> Tensor:
        """A hyperbolic tangent, which saves its output."""
        return self.op(x, keeps_output=True)

    def times(self, x: Tensor) -> Tensor:
        """Multiplication by a constant."""
        return self.op(x)

    def plus(self, x: Tensor) -> Tensor:
        """Addition of a constant."""
        return self.op(x, passes=(0,))

    def power(self, x: Tensor, exponent: float) -> Tensor:
        """A fixed power; its gradient needs another power and two products."""
        x = self.raised(x, cuda=True)
        return self.op(x, keeps=(x,), beside=2 * x.bytes if exponent else 0)


def _order_of(x: Tensor, axes: int) -> tuple[int, ...] | None:
    """The axes of an image from the outermost in memory to the innermost, if that is known."""
    if not x.reordered:
        return tuple(range(axes))
    last = (*range(1, axes), 0)
    return last if x.order is None and x.channels_last and axes == 3 else x.order


def _fitted(wanted: Sequence[Tensor], numbers: int, size: int) -> int:
    """The temporary bytes needed if all gradients are computed with this many elements of one size,
    and are then summed and cast one by one to fit their tensors."""
    made = memory.size_in_bytes(numbers, size)
    alive = peak = made * len(wanted)
    for tensor in wanted:
        now = made
        for needed, there in (
            (tensor.parameter or tensor.numbers != numbers, tensor.numbers * size),
            (tensor.size != size, tensor.bytes),
        ):
            if needed:
                peak = max(peak, alive + there)
                alive += there - now
                now = there
    return peak - alive
