from cnncalc.analysis.report import Report, Row
from cnncalc.derivations.equations import Working
from cnncalc.derivations.explain import Derivation
from cnncalc.formulas.tracing import tracing
from cnncalc.homework import formulas as sought
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.asks import _window
from cnncalc.homework.written import Number, Size, Value, format_value


class SamePadding(Ask):
    """The number of zeros on each side that keeps the output as large as the input, at stride 1."""

    aliases = (
        "padding",
        "required_padding",
        "padding_that_keeps_the_size",
        "which_padding_keeps_the_size",
    )
    takes = (Size, Number)
    geometry = True

    def of(self, row: Row, report: Report) -> Value:
        """D·(F - 1)/2; raises NoAnswer unless it is whole and the same along all axes."""
        windows = {(axis.F, axis.D) for axis in _window.axes(row)}
        if len(windows) > 1 or any(D * (F - 1) % 2 for F, D in windows):
            raise NoAnswer("has no padding that keeps the size and is the same on all sides")
        ((F, D),) = windows
        return sought.padding_keeping(F=F, D=D)

    def derive(self, row: Row, report: Report) -> Derivation:
        """The formula."""
        with tracing() as steps:
            answer = format_value(self.of(row, report))
        workings = tuple(Working(step.symbol, step.expression) for step in steps)
        return Derivation(self.title, workings, answer)
