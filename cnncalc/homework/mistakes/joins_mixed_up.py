from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map
from cnncalc.homework.mistake import Example, WrongLayer


class JoinsMixedUp(WrongLayer):
    """You mixed up adding and concatenating. Maps that are added, as in ResNet, must have the same
    shape, which is also the shape of their sum. Maps that are concatenated, as in U-Net, keep all
    their channels, so the numbers of channels add up.
    """

    says = "mixed up adding the branches and concatenating them"
    prior = 15
    examples = (
        Example(
            ({"residual": [{"conv": {"filters": 8, "kernel": 3, "padding": 1}}]},),
            "8x6x6",
            "shape",
            "16x6x6",
            "8 + 8 channels, but the maps are added",
        ),
    )

    def instead(self, row: Row) -> Layer | None:
        """A concatenation in place of a sum, or the reverse, for maps of the same shape."""
        if len(row.inputs) < 2 or len({*row.inputs}) > 1 or not isinstance(row.output, Map):
            return None
        if row.output == row.inputs[0]:
            return layers.load("concat").parse(None)
        if row.output.channels == sum(x.dimensions[0] for x in row.inputs):
            return layers.load("add").parse(None)
        return None
