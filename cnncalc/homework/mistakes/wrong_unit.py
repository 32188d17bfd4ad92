from dataclasses import replace

from cnncalc.homework.mistake import WrongWriting
from cnncalc.homework.mistakes._examples import on_ten_filters
from cnncalc.homework.written import Number, Value, Written


class WrongUnit(WrongWriting):
    """Your number is right, but its unit belongs to a different quantity. Parameters are not MACs,
    and a count of numbers is not a count of bytes.
    """

    says = "used the wrong unit"
    prior = 10
    examples = (
        on_ten_filters(
            "parameters", "760 MACs", "760 parameters, which are not multiply-accumulates"
        ),
    )

    def meant(self, written: Written, truth: Value) -> Written | None:
        """The number without its unit."""
        if not isinstance(written, Number) or not written.suffix.unit:
            return None
        return replace(written, suffix=written.suffix._replace(unit="", bare_b=False))
