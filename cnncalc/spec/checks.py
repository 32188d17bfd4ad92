"""Checks the plain parts of a spec: mappings, names and texts."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from cnncalc.core.errors import MAX_MISTAKES, Mistakes, SpecError, Where, did_you_mean
from cnncalc.spec.entry import describe
from cnncalc.spec.text import Item, Key

NAME = "letters, digits, _ and -"
LONGEST_NAME = 100
MAX_PARTS = 20
"""The most parts that dots may divide a layer's name into."""
LONGEST_TITLE = 200
MAX_PROSE = 20_000
CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""Characters that change the direction of text, that a terminal might interpret, or that a page
cannot contain. Newlines and tabs are allowed."""

NO_KEYS = dict.fromkeys(("batch", "batch_size"), "give the batch size with --batch")
"""Keys that a spec does not have, and what to do instead."""


class Checks:
    """Reads parts of a tree, and collects the mistakes in them."""

    def __init__(self) -> None:
        self.mistakes: list[SpecError] = []
        self.letters = 0

    def wrong(self, sentence: str, where: Where) -> None:
        """Report a mistake. Raises Mistakes once there are too many."""
        self.mistakes.append(SpecError(sentence, where))
        if len(self.mistakes) >= MAX_MISTAKES:
            raise Mistakes(self.mistakes)

    def optional(
        self, top: dict[Key, Item], key: str, read: Callable[[Item], Any], default: Any
    ) -> Any:
        """The value of a key, or the default if it is missing or empty."""
        item = top.get(Key(key))
        return default if item is None or item.value is None else read(item)

    def mapping(
        self, item: Item, what: str, known: Iterable[str], help: str = ""
    ) -> dict[Key, Item]:
        """The item as a mapping; an empty one if it is not a mapping. Reports unknown keys.
        ``help`` says how to start a mapping."""
        if not isinstance(item.value, dict):
            self.wrong(f"{what} must be a mapping, not {describe(item)}{help}", item.where)
            return {}
        for key in item.value:
            if key not in known:
                hint = did_you_mean(key, known) or f"; it has {', '.join(known)}"
                hint = f"; {NO_KEYS[key]}" if key in NO_KEYS else hint
                hint = "; put a space after the hyphen" if re.match(r"-\w", key) else hint
                self.wrong(f"{what} has no key {key[:60]!r}{hint}", key.where)
        return item.value

    def names_of(self, item: Item, what: str, in_expressions: bool = False) -> dict[Key, Item]:
        """The item, called ``what`` in errors, as a mapping from names. ``check_name`` explains
        ``in_expressions``."""
        if not isinstance(item.value, dict):
            fact = f"{what} must be a mapping from names to values, not {describe(item)}"
            self.wrong(fact, item.where)
            return {}
        for key in item.value:
            self.check_name(key, key.where, in_expressions)
        return item.value

    def prose(self, item: Item, what: str) -> str | None:
        """The item as prose for readers; the total length per spec is limited."""
        text = self.text(item, what)
        self.letters += len(text or "")
        if self.letters > MAX_PROSE:
            sentence = "name, source, note and variants together have more than"
            self.wrong(f"{sentence} {MAX_PROSE:,} characters; shorten them", item.where)
            return None
        return text

    def title(self, item: Item) -> str | None:
        """The item as the network's name: one short line."""
        text = self.prose(item, "'name'") or ""
        if len(text) > LONGEST_TITLE or len(text.splitlines()) > 1:
            self.wrong(
                f"a network's name must be one line of at most {LONGEST_TITLE} characters",
                item.where,
            )
        return text

    def text(self, item: Item, what: str) -> str | None:
        """The item, called ``what`` in errors, as text; None if it is null, a list or a mapping."""
        if isinstance(item.value, dict | list) or item.value is None:
            self.wrong(f"{what} must be text, not {describe(item)}", item.where)
            return None
        # Most texts are printable, and compiling the expression takes a while.
        if not str(item.value).isprintable() and re.search(CONTROL, str(item.value)):
            self.wrong(f"text must not contain control characters: {describe(item)}", item.where)
        return str(item.value)

    def check_name(self, name: str, where: Where, in_expressions: bool = False) -> str:
        """The name, shortened if it is too long. Reports a name that is not valid or, if
        ``in_expressions``, that an expression cannot contain."""
        if not name:
            self.wrong("a name must not be empty", where)
        elif len(name) > LONGEST_NAME:
            self.wrong(f"a name has at most {LONGEST_NAME} characters, not {len(name)}", where)
        elif not name.replace("_", "").replace("-", "").isalnum():
            help = f"use {NAME}"
            if not name.replace("_", "").replace("-", ""):
                help = "it needs a letter or a digit"
            elif "." in name:
                help += "; only the name of a layer may contain dots"
            self.wrong(f"{name[:60]!r} is not a valid name; {help}", where)
        elif in_expressions and not name.isidentifier():
            fact = f"an expression cannot use the name {name[:60]!r}"
            self.wrong(f"{fact}; use letters, digits and _, and start with a letter", where)
        return name[:LONGEST_NAME]

    def check_path(self, path: str, where: Where) -> str:
        """The name of a layer, whose dots make a tree; shortened if it is too long. Reports a name
        that is not valid."""
        parts = path.split(".") if len(path) <= LONGEST_NAME else [path]
        if len(parts) > MAX_PARTS:
            self.wrong(f"{path[:60]!r} has more than {MAX_PARTS} parts between dots", where)
        elif len(parts) > 1 and not all(parts):
            fact = f"{path[:60]!r} is not a valid name; a dot must stand between two words"
            self.wrong(fact, where)
        else:
            for part in parts:
                self.check_name(part, where)
        return path[:LONGEST_NAME]

    def items(self, item: Item) -> list[Item]:
        """A list; a single value becomes a list of one."""
        return item.value if isinstance(item.value, list) else [item]
