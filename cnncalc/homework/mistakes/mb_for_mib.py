from dataclasses import replace

from cnncalc.homework.mistake import WrongWriting
from cnncalc.homework.mistakes._examples import on_alexnet
from cnncalc.homework.written import Number, Value, Written


class MbForMib(WrongWriting):
    """You mixed up decimal and binary units. 1 MB is 1,000,000 bytes; 1 MiB is 1,024·1,024 =
    1,048,576 bytes. The same memory is therefore fewer MiB than MB: 1.16 MB is 1.11 MiB. In the
    same way, 1 kB is 1,000 bytes and 1 KiB is 1,024 bytes.
    """

    says = "confused decimal units (1 MB = 10⁶ bytes) with binary ones (1 MiB = 2²⁰ bytes)"
    prior = 20
    examples = (on_alexnet("memory", "1.16 MiB", "1,161,600 bytes are 1.16 MB, which is 1.11 MiB"),)

    def meant(self, written: Written, truth: Value) -> Written | None:
        """The same digits with the other unit."""
        if not isinstance(written, Number) or not written.suffix.power:
            return None
        if written.suffix.unit != "B":
            return None
        other = written.suffix._replace(binary=not written.suffix.binary)
        return replace(written, suffix=other)
