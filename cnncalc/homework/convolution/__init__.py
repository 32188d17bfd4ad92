"""Convolutions of numbers, step by step: the sum of products in every window, then bias,
activation and pooling. ``cnncalc.convolve`` does all of this in one call.

>>> from cnncalc.homework import convolution
>>> image, kernel = convolution.read("0 1 2; 3 4 5; 6 7 8"), convolution.read("0 1; 2 3")
>>> convolution.convolve(image, [kernel]).output.nested()
[[[19, 25], [37, 43]]]
"""

from cnncalc.homework.convolution.activation import activation_of
from cnncalc.homework.convolution.kernels import named
from cnncalc.homework.convolution.matrix import Tensor, number, of, read
from cnncalc.homework.convolution.pooling import pool_of
from cnncalc.homework.convolution.worked import Convolution, Stage, Sum, Worked, convolve

__all__ = [
    "Convolution",
    "Stage",
    "Sum",
    "Tensor",
    "Worked",
    "activation_of",
    "convolve",
    "named",
    "number",
    "of",
    "pool_of",
    "read",
]
