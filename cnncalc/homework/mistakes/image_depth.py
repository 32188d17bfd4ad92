from collections.abc import Iterator

from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map, Shape
from cnncalc.homework.mistake import WrongInput
from cnncalc.homework.mistakes._examples import on_three_layers


class ImageDepth(WrongInput):
    """You used filters as deep as the image. A filter is as deep as the input of its own layer,
    which has a channel for each filter of the previous convolution.
    """

    says = "used the depth of the image instead of the depth of the layer's input"
    prior = 9
    alone = True
    examples = (
        on_three_layers("parameters", "40", "(3·3·1 + 1)·4, but the layer's input has 4 channels"),
    )

    def other_inputs(self, row: Row, report: Report) -> Iterator[Shape]:
        """A map with as many channels as the image."""
        (x,), image = row.inputs, report.rows[0].output
        if isinstance(x, Map) and isinstance(image, Map) and row.cost.weights:
            yield Map(image.channels, x.spatial)
