from dataclasses import replace

from cnncalc.homework.mistake import Example, WrongWriting
from cnncalc.homework.written import Number, Value, Written


class CutNotRounded(WrongWriting):
    """You cut off the remaining digits instead of rounding: 102,764,544 is closer to 103 million
    than to 102 million.
    """

    says = "cut digits off instead of rounding"
    prior = 40
    examples = (
        Example(
            ({"linear": 4096},),
            "512x7x7",
            "parameters",
            "102M",
            "25088·4096 + 4096 = 102,764,544, which rounds to 103M",
        ),
    )

    def meant(self, written: Written, truth: Value) -> Written | None:
        """The range of all numbers that start with these digits."""
        if not isinstance(written, Number) or not written.rounded:
            return None
        return replace(written, digits=written.digits + written.half)
