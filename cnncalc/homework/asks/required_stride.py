from cnncalc.analysis.report import Report, Row
from cnncalc.derivations.equations import Working
from cnncalc.derivations.explain import Derivation
from cnncalc.derivations.stride import Axis
from cnncalc.formulas.tracing import tracing
from cnncalc.homework import formulas as sought
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.asks import _window
from cnncalc.homework.written import Number, Size, Value, format_value


class RequiredStride(Ask):
    """The stride that gives the output its size.

    If several strides give that size, it is the one without a remainder.
    """

    aliases = ("stride", "which_stride", "needed_stride")
    takes = (Size, Number)
    geometry = True

    def check(self, row: Row) -> None:
        """Raise NoAnswer if no stride gives the size, or several do and none divides evenly."""
        for axis, size in self._axes(row):
            fewest, most = axis.span // size + 1, axis.span // (size - 1)
            if fewest > most:
                raise NoAnswer(f"has no stride that gives an output size of {size}")
            if axis.span % (size - 1) and fewest < most:
                raise NoAnswer(
                    f"has several strides, {fewest} to {most}, that give an output size of {size}"
                )

    def of(self, row: Row, report: Report) -> Value:
        """The stride by the formula; raises NoAnswer unless one stride suits all axes."""
        found = {
            sought.required_stride(N=axis.N, F=axis.F, N_out=size, P=axis.P, D=axis.D)
            for axis, size in self._axes(row)
        }
        if len(found) > 1:
            raise NoAnswer("needs a different stride along each axis")
        return found.pop()

    def _axes(self, row: Row) -> list[tuple[Axis, int]]:
        """The window along each axis, and its output size."""
        sizes = row.output.dimensions[1:]
        if 1 in sizes:
            raise NoAnswer("has an output size of 1, which every larger stride gives as well")
        return list(zip(_window.axes(row), sizes, strict=True))

    def derive(self, row: Row, report: Report) -> Derivation:
        """The formula."""
        with tracing() as steps:
            answer = format_value(self.of(row, report))
        workings = tuple(dict.fromkeys(Working(step.symbol, step.expression) for step in steps))
        return Derivation(self.title, workings, answer)
