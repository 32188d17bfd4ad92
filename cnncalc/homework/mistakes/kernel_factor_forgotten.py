from cnncalc.homework.convolution.matrix import Tensor, common_denominator, plain
from cnncalc.homework.mistakes._examples import on_numbers
from cnncalc.homework.mistakes._numbers import WrongNumbers
from cnncalc.homework.numeric import Numbers


class KernelFactorForgotten(WrongNumbers):
    """You left out the factor in front of the kernel. It multiplies every weight: without the 1/9
    of a 3×3 box, you get the sum of nine numbers instead of their mean.
    """

    says = "forgot the factor in front of the kernel"
    prior = 25
    examples = (
        on_numbers(
            "9 9 9 9; 9 9 9 18; 9 9 9 9",
            "81 90",
            "the sum of nine numbers instead of their mean",
            kernel="box",
        ),
    )

    def instead(self, given: Numbers) -> Numbers | None:
        """The kernels without their common factor."""
        kernels = tuple(map(_whole, given.kernels))
        return None if kernels == given.kernels else given._replace(kernels=kernels)


def _whole(kernel: Tensor) -> Tensor:
    """The weights times their common denominator; decimals stay as they are."""
    weights = [weight for plane in kernel.planes for weight in plane]
    if kernel.decimal:
        return kernel
    common = common_denominator(weights)
    planes = tuple(tuple(plain(weight * common) for weight in plane) for plane in kernel.planes)
    return kernel._replace(planes=planes)
