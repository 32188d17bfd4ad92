"""The depth left out of a shape."""

from dataclasses import replace
from typing import ClassVar

from cnncalc.core.shape import Map
from cnncalc.homework.mistake import Example, WrongWriting
from cnncalc.homework.written import Size, Value, Written


class DepthLeftOut(WrongWriting):
    """A feature map has a depth beside its height and width: one channel for each filter of the
    layer that made it.
    """

    says: ClassVar = "the height and width are right, but the depth is left out"
    prior: ClassVar = 25
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "shape",
            "32x32",
            "10 channels of 32×32",
        ),
    )

    def meant(self, written: Written, truth: Value) -> Written | None:
        """The size with the depth in front, or one size for all axes and the depth."""
        if not isinstance(written, Size) or not isinstance(truth, Map):
            return None
        sizes = written.sizes
        if len(sizes) == 1 and len(set(truth.spatial)) == 1:
            sizes *= len(truth.spatial)
        if len(sizes) != len(truth.spatial):
            return None
        return replace(written, sizes=(truth.channels, *sizes))
