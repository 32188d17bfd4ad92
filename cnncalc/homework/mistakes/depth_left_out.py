from dataclasses import replace

from cnncalc.core.shape import Map
from cnncalc.homework.mistake import WrongWriting
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.written import Size, Value, Written


class DepthLeftOut(WrongWriting):
    """Your sizes are right, but a feature map also has a depth: its number of channels. The output
    of a convolution has one channel for each filter.
    """

    says = "left out the number of channels (the other sizes are right)"
    prior = 25
    examples = (on_ten_filters("shape", "32x32", "10 channels of 32×32"),)

    def meant(self, written: Written, truth: Value) -> Written | None:
        """The size with the depth prepended; a single size stands for all axes."""
        if not isinstance(written, Size) or not isinstance(truth, Map):
            return None
        sizes = written.sizes
        if len(sizes) == 1 and len(set(truth.spatial)) == 1:
            sizes *= len(truth.spatial)
        if len(sizes) != len(truth.spatial):
            return None
        return replace(written, sizes=(truth.channels, *sizes))
