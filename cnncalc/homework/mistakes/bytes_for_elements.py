"""Bytes given for numbers."""

from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongAsk


class BytesForElements(WrongAsk):
    """It is asked how many numbers there are, not how many bytes they take."""

    says: ClassVar = "bytes are given, not how many numbers there are"
    prior: ClassVar = 20
    gives: ClassVar = {"elements": "memory", "parameters": "parameter_memory"}
    examples: ClassVar = (
        Example(
            ({"conv": {"filters": 96, "kernel": 11, "stride": 4}},),
            "3x227x227",
            "elements",
            "1.16 MB",
            "96·55·55 numbers of 4 bytes are 1,161,600 bytes",
        ),
    )
