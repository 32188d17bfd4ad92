"""The text format of protocol buffers, in which Caffe's networks are written."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.core.errors import SpecError, Where

TOKEN = re.compile(
    r"""\s+|\#[^\n]*|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\w.+-]+|[{}:<>\[\],;])"""
)
DEEPEST = 20
FLAGS = {**dict.fromkeys(("true", "True", "t", "1"), True),
         **dict.fromkeys(("false", "False", "f", "0"), False)}  # fmt: skip
"""The spellings of truth values."""


class Message(NamedTuple):
    """A message: its fields, each with all of its values, the line where it begins, and the name of
    the field whose value it is."""

    fields: dict[str, list["Message | str"]]
    where: Where
    name: str = ""

    def every(self, *names: str) -> list["Message | str"]:
        """All values of these fields."""
        return [value for name in names for value in self.fields.get(name, [])]

    def text(self, name: str, usual: str = "") -> str:
        """The last value of a field."""
        value = self.fields.get(name, [usual])[-1]
        if isinstance(value, Message):
            raise SpecError(f"{name!r} must be a single value", self.where)
        return value

    def number(self, usual: int, name: str) -> int:
        """The value of a field as a whole number."""
        value = self.text(name, str(usual))
        if not re.fullmatch("-?[0-9]{1,9}", value):
            raise SpecError(f"{name!r} must be a whole number, not {value[:40]!r}", self.where)
        return int(value)

    def needed(self, name: str) -> int:
        """The whole number of a field without a default."""
        if name not in self.fields:
            raise SpecError(f"{self.name} needs {name!r}", self.where)
        return self.number(0, name)

    def real(self, usual: float, name: str) -> float:
        """The value of a field as a number."""
        value = self.text(name, str(usual))
        if not re.fullmatch(
            r"-?([0-9]{1,9}(\.[0-9]{0,19})?|\.[0-9]{1,19})(e[+-]?[0-9]{1,2})?", value
        ):
            raise SpecError(f"{name!r} must be a number, not {value[:40]!r}", self.where)
        return float(value)

    def flag(self, usual: bool, name: str) -> bool:
        """The value of a field as a truth value, in any of its spellings."""
        value = self.text(name, str(usual))
        if value not in FLAGS:
            raise SpecError(f"{name!r} must be true or false, not {value[:40]!r}", self.where)
        return FLAGS[value]

    def inside(self, name: str) -> "Message":
        """The message in a field; an empty one if it is not set."""
        value = self.fields.get(name, [Message({}, self.where)])[-1]
        if isinstance(value, str):
            raise SpecError(f"{name!r} needs its fields in braces", self.where)
        return value._replace(name=name)

    def sizes(self, name: str, usual: int | None = None) -> int | list[int]:
        """A size for all axes, or one for the height and one for the width: ``kernel_h``. It is
        needed if there is no usual one."""
        short = name.removesuffix("_size")
        if {f"{short}_h", f"{short}_w"} & {*self.fields}:
            if not {f"{short}_h", f"{short}_w"} <= {*self.fields}:
                fact = f"{self.name} needs both {short}_h and {short}_w"
                raise SpecError(f"{fact}, or {name} for both", self.where)
            return [self.needed(f"{short}_h"), self.needed(f"{short}_w")]
        listed = [Message({name: [one]}, self.where, self.name) for one in self.every(name)]
        values = [one.needed(name) for one in listed]
        values = values or [self.needed(name) if usual is None else usual]
        return values[0] if len(values) == 1 else values


def parsed(text: str, source: str) -> Message:
    """The message in a text. Raises SpecError for a broken one."""
    tokens = [*_tokens(text, source)]
    tokens.append(("", tokens[-1][1] if tokens else Where(source)))
    message, place = _message(tokens, 0, "", 0)
    if tokens[place][0]:
        raise SpecError(
            f"{tokens[place][0][:40]!r} has no matching opening brace", tokens[place][1]
        )
    return message


def _tokens(text: str, source: str) -> Iterator[tuple[str, Where]]:
    at, line = 0, 1
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise SpecError(f"{text[at]!r} is not expected here", Where(source, line))
        if match[1]:
            yield match[1], Where(source, line)
        line, at = line + match[0].count("\n"), match.end()


def _message(tokens: list[tuple[str, Where]], at: int, end: str, depth: int) -> tuple[Message, int]:
    """The message from a token on, and the place of the token that ends it."""
    message = Message({}, tokens[at][1])
    if depth > DEEPEST:
        raise SpecError("messages are nested too deeply", message.where)
    while tokens[at][0] != end and tokens[at][0] not in ("", "}", ">"):
        name, where = tokens[at]
        at += 1
        if not re.fullmatch(r"\w+", name):
            raise SpecError(f"expected the name of a field, not {name[:40]!r}", where)
        colon = tokens[at][0] == ":"
        at += colon
        opened = tokens[at][0]
        if opened in ("{", "<"):
            value, at = _message(tokens, at + 1, "}" if opened == "{" else ">", depth + 1)
            if tokens[at][0] not in ("}", ">"):
                raise SpecError(f"the brace after {name[:40]!r} is never closed", where)
            message.fields.setdefault(name, []).append(value)
            at += 1
        elif not colon:
            raise SpecError(f"expected ':' or '{{' after {name[:40]!r}", where)
        elif not opened or opened in "}>:;,":
            raise SpecError(f"{name[:40]!r} has no value", where)
        else:
            at = _values(tokens, at, message.fields.setdefault(name, []))
        at += tokens[at][0] in (",", ";")
    return message, at


def _values(tokens: list[tuple[str, Where]], at: int, values: list[Message | str]) -> int:
    """Add one value, or those between brackets. Returns the place after them."""
    if tokens[at][0] != "[":
        values.append(tokens[at][0].strip("\"'"))
        return at + 1
    where = tokens[at][1]
    while tokens[at][0] != "]":
        at += 1
        if not tokens[at][0]:
            raise SpecError("the bracket is never closed", where)
        if tokens[at][0] not in ("]", ","):
            values.append(tokens[at][0].strip("\"'"))
    return at + 1
