"""Base class for layers that turn windows into the columns of a matrix, or back."""

from math import prod

from cnncalc.core.fields import Sizes, sizes
from cnncalc.core.layer import Layer, Tape, Tensor, per_axis
from cnncalc.core.shape import Map
from cnncalc.layers._window import Axis


class Columns(Layer):
    """A window that slides over an image, with the same padding on both sides of an axis."""

    family = "arrangement"
    main = "kernel_size"

    kernel_size: Sizes = sizes("window size along each axis", also=("kernel", "F"))
    stride: Sizes = sizes("step between neighbouring windows", 1, also=("S",))
    padding: Sizes = sizes("zeros added around the image", 0, ("pad", "P"), least=0)
    dilation: Sizes = sizes(
        "distance between neighbouring taps; 1 means no dilation", 1, also=("D",)
    )

    def window(self, image: Map) -> tuple[int, ...]:
        """The window size along each axis."""
        return per_axis(self.kernel_size, image, "kernel_size")

    def taps(self, image: Map) -> int:
        """The number of elements in a window of one channel."""
        return prod(self.window(image))

    def places(self, image: Map) -> tuple[int, ...]:
        """The number of window positions along each axis."""
        return tuple(axis.places() for axis in self.windows(image))

    def windows(self, image: Map) -> tuple[Axis, ...]:
        """The window along each axis."""
        names = ("stride", "padding", "dilation")
        each = (per_axis(getattr(self, name), image, name) for name in names)
        return tuple(
            Axis(N, F, S, P, P, D)
            for N, F, S, P, D in zip(image.spatial, self.window(image), *each)
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A copy, or sums. PyTorch allocates a result as large as the input, and then resizes
        it; storages never shrink."""
        makes = self.output(x.shape).elements
        room = max(x.bytes, tape.images(makes, x.size))
        return tape.op(x, makes=makes, ordered=True, room=room)
