"""The words that take the place of a kind and contain other layers.

Each class defines one word of the spec language: how to read it, its JSON Schema, and its layers.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from cnncalc.core.errors import SpecError, UsageError, Where, did_you_mean, some
from cnncalc.core.fields import shown
from cnncalc.core.layer import Input
from cnncalc.core.shape import Shape
from cnncalc.spec import values
from cnncalc.spec.entry import NODE, Composite, Entry, Spec, broken, kind_alone
from cnncalc.spec.node import Node
from cnncalc.spec.scope import Scope
from cnncalc.spec.text import Item, Key

if TYPE_CHECKING:
    from cnncalc.spec.document import Parser
    from cnncalc.spec.expansion import Expansion
    from cnncalc.spec.network import Network

Keys = Mapping[Key, Item]
Ends = tuple[int, ...]

CUT = {
    "network": "the built-in, file or notation",
    "up_to": "the last layer or block to keep; by default, the whole network",
    "set": "values for the network's parameters",
}
"""The keys of a backbone and their meaning."""

SHORTCUT = "add 'shortcut:' with a 1×1 convolution that gives the input the same shape"
EQUAL = "give both branches the same output shape"


def add_shortcut(inner: Shape, x: Shape, *others: Shape) -> str:
    """How to fix a residual that has no shortcut and whose layers turn ``x`` into a different
    shape."""
    if others or len(inner) != len(x) or len(x) == 1:
        return EQUAL
    sizes = [*zip(x[1:], inner[1:])]
    if all(_is_strided(*size) for size in sizes):
        return SHORTCUT
    if any(after > before or 2 * after <= before for before, after in sizes):
        return EQUAL
    padding = f"pad the convolutions so that the size stays {'×'.join(map(str, x[1:]))}"
    return padding if inner[0] == x[0] else f"{padding}, and {SHORTCUT}"


def _is_strided(before: int, after: int) -> bool:
    """Whether a 1×1 convolution with some stride turns one size into the other."""
    steps, wanted = before - 1, after - 1
    return wanted == 0 or (wanted <= steps and steps // (steps // wanted) == wanted)


class Branches(Composite):
    """Branches that all read the same input, and the kind that joins them."""

    word = "branches"
    beside = {
        "join": "how to combine branches: concat, add, multiply, or any kind with several inputs"
    }
    needs: ClassVar[tuple[str, ...]] = ("join",)
    unnamed = True

    def __init__(self, ways: Iterable[tuple[str, tuple[Entry, ...]]], join: Entry) -> None:
        self.ways = tuple(ways)
        self.join = join

    @classmethod
    def read(cls, parser: "Parser", kind: Key, value: Item | None, keys: Keys) -> Self | None:
        if value is None or not isinstance(value.value, dict | list) or not value.value:
            fact = (
                "'branches' must be a mapping from names to lists of layers, or a list of such "
                "lists, with at least one branch"
            )
            parser.wrong(fact, kind.where)
            return None
        join = keys.get(Key("join"))
        if join is None:
            parser.wrong("branches need 'join': concat, add or multiply", kind.where)
        if isinstance(value.value, list):
            named = [(f"branch{i}", way) for i, way in enumerate(value.value, 1)]
        else:
            ways = value.value.items()
            named = [(parser.check_name(name, name.where), way) for name, way in ways]
        joining = parser.entry(join) if join else broken(None, kind.where)
        for key in join.value if join and isinstance(join.value, dict) else ():
            if key in NODE:
                fact = f"'join' takes only a kind and its fields; remove {str(key)!r}"
                parser.wrong(fact, key.where)
        read = [(name, parser.entries(way)) for name, way in named]
        return cls(read, joining)

    @classmethod
    def schema(cls, entries: Any, kind: Any, layer: Any) -> tuple[Any, Mapping[str, Any]]:
        from cnncalc.spec.fragments import FROM, any_of, names

        ways = {**names(entries), "minProperties": 1, "properties": {"from": FROM}}
        value = any_of({"type": "array", "items": entries, "minItems": 1}, ways)
        # The layer that joins branches has no other keys.
        return value, {"join": any_of(kind, {**layer, "maxProperties": 1})}

    def lists(self) -> Iterable[tuple[Entry, ...]]:
        return (way for _, way in self.ways)

    def expand(
        self, build: "Expansion", entry: Entry, name: str, scope: Scope, current: Ends
    ) -> Ends:
        prefix = f"{scope.prefix}{name}." if name else scope.prefix
        if name:
            build.label(scope.prefix + name, str(entry.kind), entry.where)
        ends: list[int] = []
        for way, entries in self.ways:
            path = build.names.way(prefix, way)
            inner = Scope(f"{path}." if way else prefix, scope.values, scope)
            inner.names["input"] = current
            if way and len(entries) > 1:
                build.label(path, "branch", entry.where)
            found = build.expand(entries, inner, current)
            build.work.add(len(found), entry.where)
            ends += found
        joined = Scope(prefix, scope.values, scope)
        if self.join.broken:
            return build.placeholder(self.join, "", joined)
        self.check_join(build, len(ends))
        return build.once(self.join, build.automatic(self.join, joined), joined, tuple(ends))

    def check_join(self, build: "Expansion", inputs: int) -> None:
        """Raise SpecError for several inputs and a kind that takes one."""
        kind = self.join.kind
        if inputs < 2 or self.join.composite or kind in build.spec.blocks:
            return
        if build.kinds.find(kind, self.join.value).kind.arity[1] == 1:
            fact = f"{str(kind)!r} takes one input, so it cannot join branches"
            raise SpecError(fact, self.join.where, "use concat, add or multiply")


class Residual(Branches):
    """Shorthand for two branches and an add."""

    word = "residual"
    beside = {"shortcut": "the second branch of a residual; by default the identity"}
    needs = ()

    @classmethod
    def read(cls, parser: "Parser", kind: Key, value: Item | None, keys: Keys) -> Self | None:
        if value is None:
            parser.wrong("'residual' must be a list of layers", kind.where)
            return None
        shortcut = keys.get(Key("shortcut"))
        inner = parser.entries(value)
        other = parser.entries(shortcut) if shortcut else ()
        adding = kind_alone("add", kind.where)._replace(help=EQUAL if other else add_shortcut)
        return cls((("", inner), ("shortcut", other)), adding)

    @classmethod
    def schema(cls, entries: Any, kind: Any, layer: Any) -> tuple[Any, Mapping[str, Any]]:
        from cnncalc.spec.fragments import NOT_NULL

        return {"allOf": [entries, NOT_NULL]}, {"shortcut": entries}


class Backbone(Composite):
    """Another network, up to one of its layers, with values for its parameters."""

    word = "backbone"

    def __init__(
        self, title: str, spec: Spec, up_to: str | None, where: Where, given: Item | None
    ) -> None:
        self.title = title
        self.spec = spec
        self.up_to = up_to
        self.where = where
        self.given = given

    @classmethod
    def read(cls, parser: "Parser", kind: Key, value: Item | None, keys: Keys) -> Self | None:
        """``backbone: vgg16`` or ``backbone: {network: vgg16, up_to: pool5}``."""
        inside: Mapping[Any, Item] = {} if value is None else {"network": value}
        if value is not None and isinstance(value.value, dict):
            inside = parser.mapping(value, "'backbone'", CUT)
        if "network" not in inside:
            parser.wrong("'backbone' needs a network, as in backbone: vgg16", kind.where)
            return None
        network, up_to, given = map(inside.get, CUT)
        assert network is not None
        last = None if up_to is None else parser.text(up_to, "'up_to'")
        try:
            spec = parser.read(network)
        except SpecError as error:
            parser.wrong(error.sentence, error.where)
            return None
        return cls(str(network.value), spec, last, (up_to or network).where, given)

    @classmethod
    def schema(cls, entries: Any, kind: Any, layer: Any) -> tuple[Any, Mapping[str, Any]]:
        from cnncalc.spec.fragments import FROM, any_of, described, names, object_of

        named = {"type": "string", "minLength": 1}
        up_to = {"type": "string"}
        keys: dict[str, Any] = {"network": named, "up_to": up_to, "set": names({}), "from": FROM}
        mapping = {**object_of(described(keys, {**CUT, **NODE})), "required": ["network"]}
        return any_of(named, mapping), {}

    def expand(
        self, build: "Network", entry: Entry, name: str, scope: Scope, current: Ends
    ) -> Ends:
        """Add the outputs to keep, and all layers that they depend on. Returns the outputs."""
        built = self.built(build, entry, scope)
        ends = built.outputs or (len(built.nodes) - 1,)
        if self.up_to is not None:
            last = built.names.path(self.up_to, Scope("", {}))
            if last is None or self.up_to in map(str, self.spec.inputs):
                known = built.names.ends
                hint = did_you_mean(self.up_to, known) or f"; it has {some(known)}"
                fact = f"{self.title} has no layer {self.up_to[:60]!r}{hint}"
                raise SpecError(fact, self.where)
            ends = last
        path = scope.prefix + name
        build.label(path, self.title, entry.where)
        places: dict[int, Ends] = {}
        holders: dict[int, int] = {}  # the new owner of weights that several layers share
        for index in sorted(_needed(built.nodes, ends)):
            node = built.nodes[index]
            if isinstance(node.layer, Input):
                places[index] = current
                continue
            build.work.add(1 + len(node.inputs), entry.where)
            copy = node._replace(
                name=f"{path}.{node.name}",
                inputs=tuple(place for source in node.inputs for place in places[source]),
                where=entry.where,
                like=None if node.like is None else places[node.like][0],
                trainable=node.trainable and not build.frozen,
            )
            place = build.add(copy)
            places[index] = (place,)
            shares = holders.setdefault(index if node.shares is None else node.shares, place)
            build.nodes[place] = copy._replace(shares=None if shares == place else shares)
            for end, letter in enumerate(node.name):
                group = node.name[:end] if letter == "." else ""
                if group in built.groups and f"{path}.{group}" not in build.groups:
                    build.label(f"{path}.{group}", built.groups[group], entry.where)
        for group in built.groups:  # blocks count too, because later layers may read them
            outputs = built.names.ends.get(group, ())
            if outputs and places.keys() >= {*outputs}:
                found = (place for end in outputs for place in places[end])
                build.names.ends[f"{path}.{group}"] = tuple(found)
        return tuple(place for end in ends for place in places[end])

    def built(self, build: "Network", entry: Entry, scope: Scope) -> "Network":
        """The expansion of the whole network, with the given values of its parameters."""
        given: Any = {}
        if self.given is not None:
            given = values.value_of(self.given, scope.values, build.work)
        if not isinstance(given, dict):
            fact = f"'set' must map the parameters of {self.title} to values, not {shown(given)}"
            raise SpecError(fact, self.where)
        key = id(self.spec), repr(given)
        if key not in build.others:
            other = build.other(self.spec)
            try:
                other.run(given, None)
            except UsageError as why:
                raise SpecError(f"backbone {self.title!r}: {why}", entry.where) from None
            build.work.add(1, entry.where)  # stops if the backbone has used up all steps
            if other.mistakes:
                fact = f"backbone {self.title!r} is not a valid spec"
                pairs = (
                    f" --set {name}={shown(one).replace(', ', ',')}" for name, one in given.items()
                )
                command = f"cnncalc summarize {self.title}{''.join(pairs)}"
                raise SpecError(fact, entry.where, f"run '{command}' to see why")
            if len(self.spec.inputs) != 1:
                fact = f"backbone {self.title!r} has several inputs; a backbone must have one"
                raise SpecError(fact, entry.where)
            build.others[key] = other
        return build.others[key]


def _needed(nodes: Sequence[Node], ends: Ends) -> set[int]:
    """The positions of these nodes and of everything that they depend on."""
    needed = {*ends}
    for index in range(len(nodes) - 1, -1, -1):
        if index in needed:
            node = nodes[index]
            needed.update(node.inputs if node.like is None else (*node.inputs, node.like))
    return needed
