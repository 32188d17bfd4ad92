"""The content of a spec: entries with kind, name and sources, not expanded yet."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from cnncalc.core.errors import SpecError, Where
from cnncalc.core.fields import shown
from cnncalc.core.shape import Layout
from cnncalc.spec.claims import Claim
from cnncalc.spec.text import Item, Key

if TYPE_CHECKING:
    from cnncalc.spec.scope import Scope

NODE = {
    "name": "the name of the layer",
    "from": "the earlier layer or layers that it reads; by default the previous one",
    "repeat": "how many copies to put in a row; $index counts them from 0",
    "when": "a condition; the layer is left out unless it is true",
    "weights": "the earlier layer or block whose weights it uses, or a name for shared weights",
    "trainable": "whether its parameters are trained; false freezes a layer or a whole block",
}
"""The keys next to a kind and their meaning."""

ACTIVATION = "activation"
"""The field that names the activation after a layer, as in Keras."""


class Composite(ABC):
    """A word that takes the place of a kind, with the layers that it contains.

    The ``word`` of a subclass becomes part of the spec language, and so do the keys ``beside`` it.
    """

    word: ClassVar[str]
    beside: ClassVar[Mapping[str, str]] = {}
    needs: ClassVar[tuple[str, ...]] = ()
    """The keys beside it that are required."""
    unnamed: ClassVar[bool] = False
    """Whether its layers belong to the surrounding list if it has no name and is not repeated."""
    words: ClassVar[dict[str, type["Composite"]]] = {}

    def __init_subclass__(cls) -> None:
        Composite.words[cls.word] = cls
        NODE.update(cls.beside)

    @classmethod
    @abstractmethod
    def read(
        cls, parser: Any, kind: Key, value: Item | None, keys: Mapping[Key, Item]
    ) -> Self | None:
        """Read the word's value and the keys beside it. Reports mistakes; returns None if the entry
        cannot be used."""

    @classmethod
    @abstractmethod
    def schema(cls, entries: Any, kind: Any, layer: Any) -> tuple[Any, Mapping[str, Any]]:
        """The JSON Schemas of the word's value and of the keys beside it, given those of a list of
        layers, of a kind alone and of a layer as a mapping."""

    def lists(self) -> Iterable[tuple["Entry", ...]]:
        """The lists of layers that it contains."""
        return ()

    @abstractmethod
    def expand(
        self, build: Any, entry: "Entry", name: str, scope: "Scope", current: tuple[int, ...]
    ) -> tuple[int, ...]:
        """Add its layers to the graph that ``build`` makes. Returns the outputs."""


class Entry(NamedTuple):
    """One item of a list of layers, as it was written."""

    kind: Key
    value: Item | None
    where: Where
    name: str | None = None
    sources: tuple[Item, ...] | None = None
    repeat: Item | None = None
    when: Item | None = None
    weights: Item | None = None
    trainable: Item | None = None
    composite: Composite | None = None
    """The composite, if the kind is the word of one."""
    group: tuple["Entry", ...] | None = None
    """The layers, if several in a row replace a single one."""
    help: str | Callable[..., str] = ""
    """How to fix the spec if the layer refuses its input; see ``Node.help``."""
    broken: bool = False
    """Whether the entry is too broken to expand; its name and its kind may still be known."""


class Block(NamedTuple):
    """A named group of layers. An argument in ``takes`` without a default is required."""

    name: str
    takes: tuple[tuple[str, Item | None], ...]
    layers: tuple[Entry, ...]
    where: Where
    reads: tuple[str, ...] = ()
    """The names of its inputs inside the block, if they have names other than ``input``."""
    gives: tuple[Item, ...] = ()
    """The inner layers whose outputs are the block's outputs; by default the last layer."""


class Spec(NamedTuple):
    """A whole spec. ``inputs`` maps names to shapes; an unnamed input is called ``input``."""

    name: str
    inputs: dict[Key, Item]
    layers: tuple[Entry, ...]
    parameters: dict[Key, Item]
    blocks: dict[str, Block]
    where: Where
    source: str = ""
    note: str = ""
    variants: tuple[tuple[str, str], ...] = ()
    published: tuple[Claim, ...] = ()
    outputs: tuple[Item, ...] = ()
    layouts: Mapping[str, Layout] = MappingProxyType({})
    """The layouts of the files that state one: the spec's own file, and those it extends."""
    dtype: str = ""
    """The data type of all values, if the spec states it."""
    replace: Mapping[Key, Entry] = MappingProxyType({})
    """The replacements of layers, by name."""
    remarks: tuple[SpecError, ...] = ()
    mistakes: tuple[SpecError, ...] = ()


def kind_alone(name: str, where: Where) -> Entry:
    """An entry with only a kind."""
    kind = Key(name)
    kind.where = where
    return Entry(kind, None, where)


def broken(name: str | None, where: Where, kind: str = "") -> Entry:
    """A placeholder for an entry that cannot be used."""
    return kind_alone(kind, where)._replace(name=name, broken=True)


def describe(item: Item) -> str:
    """A value, as quoted in an error."""
    if isinstance(item.value, dict):
        return "a mapping" if item.value else "an empty mapping"
    if isinstance(item.value, list):
        return "a list" if item.value else "an empty list"
    if item.value is None:
        return "an empty value"
    return shown(item.value)
