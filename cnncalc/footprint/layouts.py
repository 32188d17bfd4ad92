"""The memory layout of gradients, and which of them the backward pass has to copy.

Where possible, PyTorch passes gradients on as views: an input of a concatenation gets a part of the
output's gradient, and the input of a permutation gets a permuted view. Most operations read such a
view directly, but some copy it first.
"""

from enum import Enum, auto
from math import prod

from cnncalc.analysis.report import Report
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import channels_of
from cnncalc.core.operation import Layout, Operation
from cnncalc.core.shape import Shape
from cnncalc.footprint.recording import Recording, not_modelled


class GradientLayout(Enum):
    """The memory layout of a gradient."""

    CONTIGUOUS = auto()
    APART = auto()
    """Each image is contiguous, but there is a gap between images."""
    STRIPES = auto()
    """There are gaps within each image, because the view takes only a part of a later axis."""
    PERMUTED = auto()
    """The elements are not in the order of the axes."""
    TANGLED = auto()
    """The elements were permuted, and then changed further."""
    FORMAT = auto()
    """Contiguous, or laid out like the tensor whose gradient it is."""
    UNKNOWN = auto()

    @property
    def known(self) -> bool:
        """Whether the layout is certain."""
        return self not in {GradientLayout.TANGLED, *_UNCERTAIN}


def with_copies(report: Report, recording: Recording) -> list[Operation]:
    """The operations, including the copies that their backward passes make of the outputs'
    gradients.

    Raises UsageError if it is not known whether PyTorch copies a gradient.
    """
    operations, batch = list(recording.tape.operations), recording.tape.batch
    layouts = dict.fromkeys(recording.outputs, GradientLayout.CONTIGUOUS)
    for place in reversed(range(len(operations))):
        operation = operations[place]
        if not operation.has_node:
            continue
        given = layouts.get(operation.outputs[0], GradientLayout.CONTIGUOUS)
        if given is not GradientLayout.CONTIGUOUS:
            try:
                copied = _is_copied(operation, given, batch)
            except LayerError as why:
                raise not_modelled(report.rows[operation.row], why) from None
            if copied:
                operation = operations[place] = _with_copy(operation)
                given = GradientLayout.CONTIGUOUS
        for index, read in enumerate(operation.reads):
            if read.needs_gradient and not read.parameter:
                made = _made(operation, given, index, batch)
                layouts[read] = _sum(layouts[read], made) if read in layouts else made
    return operations


def _is_copied(operation: Operation, given: GradientLayout, batch: int) -> bool:
    """Whether the output's gradient, which is not contiguous, is copied. Raises LayerError if that
    is not modelled."""
    layout, read = operation.layout, operation.reads[0]
    if layout is Layout.COPY and given.known:
        return True
    stripes = given is GradientLayout.STRIPES
    if layout is Layout.MERGE and (stripes or min(batch, channels_of(read.shape)) == 1):
        return False
    if layout is Layout.MERGE and given.known:
        return True
    if stripes and layout is Layout.RESHAPE:
        return _cuts_stripes(operation)
    if layout is Layout.ROWS and given in {GradientLayout.APART, GradientLayout.PERMUTED}:
        return bool(operation.outputs[0].shape.dimensions[-1] == 1)
    if given is GradientLayout.APART or (stripes and layout is not Layout.PLACES):
        return False
    if (
        layout is Layout.RESHAPE
        and given is GradientLayout.PERMUTED
        and len(read.shape.dimensions) == 1
    ):
        return True
    if layout is Layout.ROWS and given in _UNCERTAIN and batch == 1:
        places = operation.outputs[0].shape.dimensions[:-1]
        if len([size for size in places if size > 1]) < 2:  # a row for each, whatever the order
            return False
    if (
        layout in {Layout.COPY, Layout.RESHAPE, Layout.MERGE}
        or (layout is Layout.ROWS and not given.known)
        or (layout is Layout.PLACES and given is not GradientLayout.FORMAT)
    ):
        raise LayerError(
            "the gradient of its output may not be contiguous, and what PyTorch then copies is not "
            "modelled"
        )
    return False


def _cuts_stripes(operation: Operation) -> bool:
    """Whether a gradient with gaps has to be copied, because no view of it has the shape of the
    input. Raises LayerError if that is not modelled."""
    before, after = (_bounds(one.shape) for one in (operation.reads[0], operation.outputs[0]))
    if before.isdisjoint(after):
        return True
    if after <= before:  # every axis of the output becomes whole axes of the input
        return False
    raise LayerError(
        "the gradient of its output has gaps, and whether PyTorch then copies it is not modelled"
    )


def _bounds(shape: Shape) -> set[int]:
    """The products of an image's leading sizes, up to each axis except the last."""
    sizes = shape.dimensions
    return {prod(sizes[:axis]) for axis in range(1, len(sizes))}


def _with_copy(operation: Operation) -> Operation:
    if operation.passes:  # the copy becomes the input's gradient
        return operation._replace(passes=frozenset())
    (output,) = operation.outputs
    return operation._replace(beside=operation.beside + output.bytes)


def _made(operation: Operation, given: GradientLayout, index: int, batch: int) -> GradientLayout:
    """The layout of an input's gradient, given the layout of the output's."""
    read, output, layout = operation.reads[index], operation.outputs[0], operation.layout
    if index in operation.passes:
        if layout is Layout.PERMUTE:
            return _later(given) if given in _MOVED else GradientLayout.PERMUTED
        if layout is Layout.EXPAND:
            return GradientLayout.UNKNOWN if read.numbers > output.numbers else given
        if given is GradientLayout.FORMAT and read.numbers < output.numbers:
            return GradientLayout.UNKNOWN
        if given is not GradientLayout.CONTIGUOUS or read.numbers == output.numbers:
            return given
        if layout is Layout.NARROW:
            return GradientLayout.STRIPES
        return GradientLayout.APART if layout is Layout.SPLIT and batch > 1 else given
    if layout is Layout.ORDER:
        return GradientLayout.CONTIGUOUS
    follows = layout is Layout.FOLLOW and given not in {
        GradientLayout.CONTIGUOUS,
        GradientLayout.APART,
        GradientLayout.STRIPES,
        GradientLayout.FORMAT,
    }
    if follows:
        return _later(given)
    permuted = any(one.permuted for one in (*operation.reads, output) if not one.parameter)
    return GradientLayout.FORMAT if permuted else GradientLayout.CONTIGUOUS


def _sum(*gradients: GradientLayout) -> GradientLayout:
    """The layout of the sum of two gradients."""
    orderly = {GradientLayout.CONTIGUOUS, GradientLayout.APART, GradientLayout.STRIPES}
    if orderly.issuperset(gradients):
        return GradientLayout.CONTIGUOUS
    if (orderly | {GradientLayout.FORMAT}).issuperset(gradients):
        return GradientLayout.FORMAT
    return GradientLayout.TANGLED if _UNCERTAIN.isdisjoint(gradients) else GradientLayout.UNKNOWN


_UNCERTAIN = {GradientLayout.FORMAT, GradientLayout.UNKNOWN}

_MOVED = {GradientLayout.PERMUTED, GradientLayout.TANGLED, *_UNCERTAIN}


def _later(given: GradientLayout) -> GradientLayout:
    """The layout of a gradient that is computed from one whose elements are not in the order of the
    axes."""
    return GradientLayout.UNKNOWN if given in _UNCERTAIN else GradientLayout.TANGLED
