"""Bytes given for numbers."""

from typing import ClassVar

from cnncalc.homework.mistake import WrongAsk
from cnncalc.homework.mistakes._examples import on_alexnet


class BytesForElements(WrongAsk):
    """You gave the memory in bytes. The question asks how many numbers there are, not how much
    memory they take.
    """

    says: ClassVar = "gave bytes instead of the number of elements"
    prior: ClassVar = 20
    gives: ClassVar = {"elements": "memory", "parameters": "parameter_memory"}
    examples: ClassVar = (
        on_alexnet("elements", "1.16 MB", "96·55·55 numbers of 4 bytes are 1,161,600 bytes"),
    )
