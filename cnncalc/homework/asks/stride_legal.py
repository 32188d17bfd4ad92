from cnncalc.analysis.report import Report, Row
from cnncalc.derivations import stride
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.ask import Ask
from cnncalc.homework.asks import _window
from cnncalc.homework.written import Value, Verdict


class StrideLegal(Ask):
    """Whether the stride divides the distance that the window can move."""

    aliases = (
        "legal",
        "legal_stride",
        "fits",
        "stride_fits",
        "is_this_stride_legal",
        "is_the_stride_legal",
    )
    takes = (Verdict,)
    geometry = True

    def of(self, row: Row, report: Report) -> Value:
        """Whether the window fits along every axis."""
        return all(axis.fits for axis in _window.axes(row))

    def derive(self, row: Row, report: Report) -> Derivation:
        """The number of positions before rounding, along the first axis that does not fit, or else
        the first."""
        axes = _window.axes(row)
        axis = next((axis for axis in axes if not axis.fits), axes[0])
        return Derivation(self.title, (), f"{self._verdict(axis)}: {stride.equation(axis)}")

    def _verdict(self, axis: stride.Axis) -> str:
        if not axis.possible:
            size = f"{'padded ' if axis.P else ''}input of {axis.N + 2 * axis.P}"
            return f"illegal because a window of {axis.extent} is larger than the {size}"
        if axis.remainder:
            return f"illegal because {axis.S} does not divide {axis.span}"
        return f"legal because {axis.S} divides {axis.span}"
