"""The factor of a kernel forgotten."""

from typing import ClassVar

from cnncalc.homework.convolution.matrix import Tensor, common_denominator, plain
from cnncalc.homework.mistake import Example
from cnncalc.homework.numeric import Numbers, WrongNumbers


class KernelFactorForgotten(WrongNumbers):
    """The factor before a kernel, 1/9 for a box of 3×3, belongs to every weight: without it a mean
    is only a sum.
    """

    says: ClassVar = "the factor before the kernel is forgotten"
    prior: ClassVar = 25
    examples: ClassVar = (
        Example(
            ({"kernel": "box"},),
            "9 9 9 9; 9 9 9 18; 9 9 9 9",
            "convolution",
            "81 90",
            "the sum of nine numbers, not their mean",
            of=None,
        ),
    )

    def instead(self, given: Numbers) -> Numbers | None:
        """Whole weights, where all of them are fractions."""
        kernels = tuple(map(_whole, given.kernels))
        return None if kernels == given.kernels else given._replace(kernels=kernels)


def _whole(kernel: Tensor) -> Tensor:
    """The weights times their common denominator; as they are where decimals are written."""
    weights = [weight for plane in kernel.planes for weight in plane]
    if kernel.decimal:
        return kernel
    common = common_denominator(weights)
    planes = tuple(tuple(plain(weight * common) for weight in plane) for plane in kernel.planes)
    return kernel._replace(planes=planes)
