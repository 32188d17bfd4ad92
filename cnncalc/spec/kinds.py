"""From an entry to its layer: finds the kind, and evaluates and checks the fields."""

from collections.abc import Callable
from typing import Any

from cnncalc import layers
from cnncalc.core.errors import LayerError, SpecError, Where, did_you_mean, some
from cnncalc.core.fields import shown
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import FieldErrors, required_of
from cnncalc.core.shape import Layout
from cnncalc.spec import advice, values
from cnncalc.spec.entry import ACTIVATION, NODE, Composite, Entry, Spec
from cnncalc.spec.inputs import layout_in
from cnncalc.spec.scope import Scope
from cnncalc.spec.text import Item, Key
from cnncalc.spec.work import Work


def check_names(kind: type[Layer], value: Any) -> None:
    """Raise LayerError for a list of layer names as the value of a kind that joins layers."""
    names = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if names and value and kind.arity[1] != 1:
        raise LayerError(f"takes its inputs from 'from'; write from: [{some(value)}]")


def _depends(entry: Entry) -> bool:
    return entry.value is not None and values.depends(entry.value)


def _dollar(value: Any, written: str | None, scope: Scope) -> str:
    """The hint for a value that is the name of a parameter or an argument without its ``$``."""
    given = value.get(written) if isinstance(value, dict) else value
    return (
        f"; write ${given} for its value"
        if isinstance(given, str) and given in scope.values
        else ""
    )


class Kinds:
    """Reads the layers of a spec; ``wrong`` reports a mistake."""

    def __init__(
        self,
        spec: Spec,
        layout: Layout | None,
        work: Work,
        wrong: Callable[[str, Where], None],
    ) -> None:
        self.spec = spec
        self.layout = layout
        self.work = work
        self.wrong = wrong
        self.found: dict[str, layers.Found] = {}
        self.parsed: dict[tuple[str, str, Layout | None], Layer] = {}
        self.refused: set[tuple[int, str]] = set()
        self.uses: list[Entry] = []
        """The uses of blocks that are being expanded, outermost first."""
        self.last: dict[int, tuple[values.Values | None, Layer | None]] = {}
        """The last layer of each entry, and the values that it depends on, if any."""

    def find(self, word: Key, value: Item | None = None) -> layers.Found:
        """The kind with this name. Raises SpecError if there is none; if ``value`` is itself a
        layer, the error suggests that the word is its name."""
        if word not in self.found:
            try:
                self.found[word] = layers.find(word)
            except LayerError as why:
                hint = advice.word(word) or did_you_mean(word, self.spec.blocks)
                inner = [*value.value] if value and isinstance(value.value, dict) else []
                if len(inner) == 1 and layers.known(inner[0]):
                    hint = f"; write '{inner[0]}' as the key, and 'name: {word[:60]}' beside it"
                text = f"{why.fact}{hint}" if hint else why.sentence
                raise SpecError(text, word.where) from None
        return self.found[word]

    def layer(self, found: layers.Found, entry: Entry, scope: Scope) -> Layer | None:
        """The layer of an entry, or None if it is wrong. For equal values it is the same object."""
        # Entries live as long as the expansion, so ids are unique.
        if id(entry) in self.last:
            given, layer = self.last[id(entry)]
            if given is None or given is scope.values:
                return layer
        layer = self.evaluated(found, entry, scope)
        self.last[id(entry)] = scope.values if _depends(entry) else None, layer
        return layer

    def evaluated(self, found: layers.Found, entry: Entry, scope: Scope) -> Layer | None:
        """The layer of an entry, after evaluating its expressions."""
        value = values.given_to(entry, scope.values, self.work)
        if found.kind.activated and isinstance(value, dict) and ACTIVATION in value:
            value = {name: one for name, one in value.items() if name != ACTIVATION}
        text = repr(value)
        self.work.letters(text, entry.where)
        layout = layout_in(self.spec, entry.where.source, self.layout)
        wrong, key = (id(entry), text), (str(entry.kind), text, layout)
        if key in self.parsed:
            return self.parsed[key]
        if wrong not in self.refused:
            self.refused.add(wrong)
            try:
                check_names(found.kind, value)
                layer = found.parse(value)
                if layout == "hwc":
                    layer = layer.channels_first()
                return self.parsed.setdefault(key, layer)
            except FieldErrors as errors:
                for written, text in errors.wrong:
                    beside = f"; write it beside {str(entry.kind)!r}, not among its fields"
                    theirs = any(written in one.beside for one in Composite.words.values())
                    moved = written in NODE and not theirs
                    fact = f"has no field {written!r}{beside}" if moved else text
                    fact += _dollar(value, written, scope) + self.use(entry, written)
                    if isinstance(value, str) and found.kind.arity[1] != 1:
                        fact += "; name its inputs with 'from'"
                    self.wrong(f"{found.kind.kind} {fact}", values.place_of(entry, written))
            except LayerError as why:
                word = entry.kind if len(found.meanings) > 1 else found.kind.kind
                self.wrong(f"{word} {why}", entry.where)
        return None

    def use(self, entry: Entry, written: str | None) -> str:
        """Where to correct a field that is computed from a block's arguments: the innermost use of
        a block that gives them as plain values, or else the outermost use."""
        item = entry.value
        if item is not None and isinstance(item.value, dict):
            item = item.value.get(Key(written or ""))
        if not self.uses or item is None or not values.depends(item):
            return ""
        stated = (one for one in reversed(self.uses) if not _depends(one))
        use = next(stated, self.uses[0])
        line = f", used on line {use.where.line}" if use.where.line else ""
        return f" (in block {str(use.kind)!r}{line})"

    def activation(self, found: layers.Found, entry: Entry, scope: Scope) -> Layer | None:
        """The activation that a layer names among its fields, as a layer of its own."""
        given = entry.value if found.kind.activated else None
        item = given
        if given is not None and isinstance(given.value, dict):
            item = given.value.get(Key(ACTIVATION))
        if item is None:
            return None
        word = values.value_of(item, scope.values, self.work)
        if item is given:  # an expression may give all fields
            word = word.get(ACTIVATION) if isinstance(word, dict) else None
        if word in (None, "linear"):
            return None
        if not isinstance(word, str):
            must = "must be the name of an activation, such as relu"
            raise SpecError(f"{ACTIVATION!r} {must}, not {shown(word)}", item.where)
        try:
            found = layers.find(str(word))
        except LayerError as why:
            raise SpecError(f"{ACTIVATION}: {why}", item.where) from None
        if required_of(found.kind) or (layer := found.parse(None)).stored or not layer.moves:
            raise SpecError(f"{str(word)!r} is not an activation, such as relu", item.where)
        return layer
