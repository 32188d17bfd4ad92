"""The right number with a wrong unit."""

from dataclasses import replace
from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongWriting
from cnncalc.homework.written import Number, Value, Written


class WrongUnit(WrongWriting):
    """The number is the one that is asked for, but the unit after it is that of something else:
    parameters are no MACs, and how many numbers there are is not how many bytes they take.
    """

    says: ClassVar = "the number is right, but not its unit"
    prior: ClassVar = 10
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 10, "kernel": 5, "padding": 2}},),
            "3x32x32",
            "parameters",
            "760 MACs",
            "760 numbers are learned, which are no multiply-accumulates",
        ),
    )

    def meant(self, written: Written, truth: Value) -> Written | None:
        """The number without its unit."""
        if not isinstance(written, Number) or not written.suffix.unit:
            return None
        return replace(written, suffix=written.suffix._replace(unit="", bare_b=False))
