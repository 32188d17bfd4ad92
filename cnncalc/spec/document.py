"""From the tree of a spec to entries with kind, name, sources and branches.

The keys are checked here, and all mistakes are collected. The expansion checks kinds and their
fields, because they depend on blocks and parameters.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import PurePath
from types import MappingProxyType

from cnncalc import layers
from cnncalc.core.cost import BYTES, SHORT_DTYPES, unknown_dtype
from cnncalc.core.errors import SpecError, UsageError, did_you_mean
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Layout, layout_of
from cnncalc.spec import advice, claims
from cnncalc.spec.checks import Checks
from cnncalc.spec.claims import Claim
from cnncalc.spec.entry import NODE, Block, Composite, Entry, Spec, broken, describe, kind_alone
from cnncalc.spec.text import Item, Key

TOP = {
    "name": "the name of the network",
    "source": "where the architecture comes from",
    "note": "anything that readers should know, such as which version this is",
    "variants": "networks with similar names, and how they differ",
    "extends": "the built-in, file or notation that this spec starts from",
    "input": "the shape of the input, as in 3x224x224, or, for several inputs, a shape for each "
    "name",
    "layout": "how this file writes shapes: chw (channels first; default) or hwc (channels last)",
    "dtype": "the data type of all values, unless --dtype says otherwise; by default float32",
    "parameters": "values that layers use as $name; override them with --set",
    "blocks": "groups of layers that are used like kinds",
    "layers": "the layers, in order",
    "replace": "layers that replace those of the network that this spec extends, by name",
    "outputs": "the layers that the network returns; by default those that no layer reads",
    "published": "published figures, to compare with the calculated ones",
}
"""The keys of a spec and their meaning."""

BLOCK = {
    "takes": "its arguments; those with a default are optional",
    "reads": "names for its inputs, in the order of 'from'; 'input' stands for all of them",
    "gives": "the layers whose outputs the block returns, read as NAME.LAYER; by default the last",
    "layers": "the layers, in order",
}
"""The keys of a block and their meaning."""

MOVED = ("name", "from", "repeat", "when")
"""The keys that a replacement cannot have: it inherits them from the layer that it replaces."""
INDEX = "'index' is reserved: $index counts the iterations of a repeat"


START = "; start with 'input: 3x224x224'"
THEIRS = {
    ".cfg": "a Darknet cfg, which begins with [net]",
    ".prototxt": "a Caffe prototxt, which has 'layer {'",
}
"""What files of other tools look like, by extension."""


def _similar(keys: Iterable[Key]) -> str:
    """The suggestions for misspelt keys of a spec."""
    return "".join(did_you_mean(key, TOP) for key in keys if key not in TOP)


def _no_spec(root: Item) -> str:
    """Why a file cannot be a spec, without quoting any of it; empty if it may be one."""
    keys = root.value if isinstance(root.value, dict) else {}
    strange = bool(keys) and keys.keys().isdisjoint(TOP) and not _similar(keys)
    theirs = THEIRS.get(PurePath(root.where.source).suffix.lower())
    if theirs and (strange or isinstance(root.value, str)):
        return f"this is neither {theirs}, nor a spec"
    if isinstance(root.value, str):
        return f"a spec must be a mapping, not plain text{START}"
    if strange:
        return f"this is not a spec: it has none of the keys {', '.join(TOP)}{START}"
    return ""


def _no_kind(keys: Iterable[Key]) -> str:
    """The error for an entry that has only keys beside a kind."""
    for key in keys:
        for word, composite in Composite.words.items():
            if key in composite.beside:
                return f"{str(key)!r} belongs to {word!r}; write it beside that, not in its list"
    return "a layer needs a kind, such as 'conv', besides keys such as 'name' and 'from'"


def _has_field(kind: str, name: str) -> bool:
    """Whether a word is a kind with a field of this name."""
    found = layers.known(kind)
    own = fields_of(found.kind) if found else {}
    return any(name in (word, *field.also) for word, field in own.items())


def _no_files(named: Item) -> Spec:
    raise SpecError("no backbone can be read here", named.where)


def parse(
    root: Item,
    layouts: Mapping[str, Item] = MappingProxyType({}),
    read: Callable[[Item], Spec] = _no_files,
    remarks: Iterable[SpecError] = (),
) -> Spec:
    """The spec in a tree, with its errors in ``mistakes``. Raises Mistakes if there are too many.

    ``layouts`` maps each file that states a layout to that layout; ``read`` reads a backbone.
    """
    return Parser(read).spec(root, layouts)._replace(remarks=tuple(remarks))


class Parser(Checks):
    """Walks the tree of a spec."""

    def __init__(self, read: Callable[[Item], Spec]) -> None:
        super().__init__()
        self.read = read

    def spec(self, root: Item, layouts: Mapping[str, Item]) -> Spec:
        """The spec of a whole tree."""
        top = self.top(root)
        variables = partial(self.names_of, what="'parameters'", in_expressions=True)
        parameters = self.optional(top, "parameters", variables, {})
        for name in parameters:
            if name == "index":
                self.wrong(f"{INDEX}; choose another name", name.where)
        blocks = self.optional(top, "blocks", partial(self.names_of, what="'blocks'"), {})
        known = {name: self.block(name, item) for name, item in blocks.items()}
        layers = self.optional(top, "layers", self.entries, ())
        if "layers" in top and not layers and not self.mistakes:
            self.wrong(
                "'layers' is empty; a network has at least one layer", top[Key("layers")].where
            )
        replace = self.optional(top, "replace", self.replacements, {})
        if replace and "extends" not in top:
            where = top[Key("replace")].where
            self.wrong("'replace' needs 'extends': the network whose layers it replaces", where)
        variants = partial(self.names_of, what="'variants'")
        published = tuple(self.optional(top, "published", self.claims, ()))
        known_layouts = {source: self.layout(item) for source, item in layouts.items()}
        return Spec(
            name=self.optional(top, "name", self.title, "") or "",
            inputs=self.optional(top, "input", self.inputs, {}),
            layers=layers,
            parameters=parameters,
            blocks=known,
            where=root.where,
            source=self.optional(top, "source", partial(self.prose, what="'source'"), "") or "",
            note=self.optional(top, "note", partial(self.prose, what="'note'"), "") or "",
            variants=tuple(
                (str(name), self.prose(item, f"variant {str(name)!r}") or "")
                for name, item in self.optional(top, "variants", variants, {}).items()
            ),
            published=published,
            outputs=self.optional(top, "outputs", self.layer_names, ()),
            layouts=known_layouts,
            dtype=self.optional(top, "dtype", self.dtype, ""),
            replace=replace,
            mistakes=tuple(self.mistakes),
        )

    def top(self, root: Item) -> dict[Key, Item]:
        """The keys of a spec. Reports required keys that are missing."""
        if reason := _no_spec(root):
            self.wrong(reason, root.where)
            return {}
        top = self.mapping(root, "a spec", TOP, START)
        hints = _similar(top)
        for key in ("input", "layers"):
            # A misspelt key is probably the missing one, so report only the misspelling.
            if key not in top and isinstance(root.value, dict) and repr(key) not in hints:
                self.wrong(f"a spec needs {key!r}: {TOP[key]}", root.where)
        given = top.get(Key("input"))
        if given is not None and not given.value and given.value != 0:
            self.wrong(f"'input' is empty; give {TOP['input']}", given.where)
            top = {key: item for key, item in top.items() if key != "input"}
        return top

    def replacements(self, item: Item) -> dict[Key, Entry]:
        """The replacements of layers, by name."""
        if not isinstance(item.value, dict):
            self.wrong(
                f"'replace' must be a mapping from names to layers, not {describe(item)}",
                item.where,
            )
            return {}
        return {name: self.replacement(name, one) for name, one in item.value.items()}

    def replacement(self, name: Key, item: Item) -> Entry:
        """The replacement of a layer: another layer, or several in a row."""
        if isinstance(item.value, list):
            group = kind_alone("layers", name.where)
            return group._replace(group=self.entries(item))
        beside = [key for key in item.value if key in MOVED] if isinstance(item.value, dict) else []
        for key in beside:
            self.wrong(
                f"replacing {str(name)!r} cannot change {str(key)!r}; leave it out", key.where
            )
        return self.entry(item)

    def layout(self, item: Item) -> Layout:
        """The layout with this name; chw if there is none."""
        try:
            return layout_of(self.text(item, "'layout'")) or "chw"
        except UsageError as why:
            self.wrong(str(why), item.where)
            return "chw"

    def dtype(self, item: Item) -> str:
        """The data type with this name; empty if there is none."""
        word = self.text(item, "'dtype'")
        lower = (word or "").lower()
        name = SHORT_DTYPES.get(lower, lower)
        if word is not None and name not in BYTES:
            self.wrong(str(unknown_dtype(word)), item.where)
        return name if name in BYTES else ""

    def claims(self, item: Item) -> Iterator[Claim]:
        """The well-formed claims."""
        if not isinstance(item.value, list):
            self.wrong(f"'published' must be a list of claims, not {describe(item)}", item.where)
            return
        for claim in item.value:
            yield from claims.read(claim, self.wrong)

    def inputs(self, item: Item) -> dict[Key, Item]:
        """The shapes of the inputs, by name."""
        if isinstance(item.value, dict):
            return self.names_of(item, "'input'")
        key = Key("input")
        key.where = item.where
        return {key: item}

    def block(self, name: Key, item: Item) -> Block:
        """A block and its arguments."""
        if name in NODE or name in Composite.words:
            sentence = f"a block cannot be named {str(name)!r}: the word is reserved"
            self.wrong(sentence, name.where)
        keys = self.mapping(item, f"block {name!r}", BLOCK, "; list its layers under 'layers'")
        takes: list[tuple[str, Item | None]] = []
        for entry in self.optional(keys, "takes", self.items, []):
            if isinstance(entry.value, dict):
                takes.extend(
                    (self.check_name(key, key.where, True), default)
                    for key, default in entry.value.items()
                )
            elif (taken := self.text(entry, "an argument in 'takes'")) is not None:
                takes.append((self.check_name(taken, entry.where, True), None))
        names = [taken for taken, _ in takes]
        if "index" in names:
            self.wrong(f"{INDEX}; choose another name", item.where)
        for taken, often in sorted(Counter(names).items()):
            if often > 1:
                self.wrong(f"block {name!r} takes {taken!r} twice", item.where)
        if isinstance(item.value, dict) and "layers" not in keys:
            self.wrong(f"block {name!r} needs 'layers'", item.where)
        layers = self.optional(keys, "layers", self.entries, ())
        listed = self.optional(keys, "reads", self.items, [])
        reads = [self.text(one, "a name in 'reads'") or "" for one in listed]
        for word, often in Counter(reads).items():
            self.check_name(word, keys[Key("reads")].where)
            if often > 1:
                self.wrong(f"block {name!r} reads {word!r} twice", item.where)
        gives = self.optional(keys, "gives", self.layer_names, ())
        return Block(str(name), tuple(takes), layers, item.where, tuple(reads), gives)

    def layer_names(self, item: Item) -> tuple[Item, ...]:
        """The names of layers, given as a list or as a single name."""
        items = self.items(item)
        for one in items:
            if not isinstance(one.value, str):
                self.wrong(f"expected the name of a layer, not {describe(one)}", one.where)
        return tuple(one for one in items if isinstance(one.value, str))

    def entries(self, item: Item) -> tuple[Entry, ...]:
        """A list of layers."""
        if not isinstance(item.value, list):
            if item.value is None:
                return ()
            self.wrong(
                f"expected a list of layers, not {describe(item)}; write them here, each after "
                "'- '",
                item.where,
            )
            return ()
        return tuple(map(self.entry, item.value))

    def entry(self, item: Item) -> Entry:
        """One layer: only a kind, or a mapping with a kind and the keys beside it."""
        if isinstance(item.value, str) and item.value:
            kind = Key(item.value)
            kind.where = item.where
            keys: dict[Key, Item] = {kind: Item(None, item.where)}
        elif isinstance(item.value, dict):
            keys = item.value
        else:
            self.wrong(
                f"expected a layer, such as 'relu' or 'conv: {{...}}', not {describe(item)}",
                item.where,
            )
            return broken(None, item.where)
        kinds = [key for key in keys if key not in NODE]
        if len(kinds) != 1:
            self.wrong(self.miscounted(kinds, keys), (kinds[1] if kinds else item).where)
            return broken(self.entry_name(keys), item.where, *kinds[:1])
        return self.kind_entry(kinds[0], keys)

    def kind_entry(self, kind: Key, keys: dict[Key, Item]) -> Entry:
        """An entry with one kind, and the keys beside it."""
        value, keys = self.lift_from(keys[kind], keys)
        name = self.entry_name(keys)
        sources, composite = self.sources(keys), self.composite(kind, value, keys)
        if (sources is None and "from" in keys) or (composite is None and kind in Composite.words):
            return broken(name, kind.where, kind)
        return Entry(
            kind=kind,
            value=value,
            where=kind.where,
            name=name,
            sources=sources,
            repeat=keys.get(Key("repeat")),
            when=keys.get(Key("when")),
            weights=self.weights(keys),
            trainable=keys.get(Key("trainable")),
            composite=composite,
        )

    def composite(self, kind: Key, value: Item | None, keys: dict[Key, Item]) -> Composite | None:
        """The composite, if the kind is the word of one."""
        chosen = Composite.words.get(kind)
        for word, other in Composite.words.items():
            for key in map(Key, other.beside):
                if other is not chosen and key in keys:
                    fact = f"{str(key)!r} belongs to {word}, not to {kind!r}"
                    self.wrong(fact, keys[key].where)
        return None if chosen is None else chosen.read(self, kind, value, keys)

    def miscounted(self, kinds: list[Key], keys: dict[Key, Item]) -> str:
        """The error for an entry with no kind, or with more than one."""
        if not kinds:
            return _no_kind(keys)
        first, second = map(str, kinds[:2])
        source = keys.get(Key("from"))
        if source is not None and isinstance(source.value, str) and keys[kinds[1]].value is None:
            hint = f"; if {second[:60]!r} is another input, write from: [{source.value}, {second}]"
        elif keys[kinds[0]].value is None and kinds[0].where.line < kinds[1].where.line:
            hint = f"; if {second[:60]!r} is a field of {first!r}, indent it further"
        elif _has_field(first, second):
            hint = f"; move {second!r} into the value of {first!r}"
        else:
            hint = f"; move a field into the value of {first!r}, or start another layer with '- '"
        hint = advice.word(first) or did_you_mean(second, NODE) or hint
        return f"a layer has one kind, but this one has {first!r} and {second[:60]!r}{hint}"

    def lift_from(self, value: Item, keys: dict[Key, Item]) -> tuple[Item | None, dict[Key, Item]]:
        """The value and the keys of a layer, with ``from`` moved out of the value: ``concat: {from:
        [a, b]}`` means the same as ``concat:`` beside ``from: [a, b]``."""
        if value.value is None:
            return None, keys
        if not isinstance(value.value, dict) or "from" not in value.value:
            return value, keys
        if "from" in keys:
            beside = next(key for key in keys if key == "from")
            self.wrong("'from' is given twice: in the layer and beside it", beside.where)
        rest = {key: inner for key, inner in value.value.items() if key != "from"}
        return Item(rest, value.where), {**keys, Key("from"): value.value[Key("from")]}

    def entry_name(self, keys: dict[Key, Item]) -> str | None:
        """The name of a layer, if it has one."""
        item = keys.get(Key("name"))
        if item is None:
            return None
        name = self.text(item, "'name'")
        if name is None or not isinstance(item.value, str):
            return None if name is None else self.check_name(name, item.where)
        return self.check_path(name, item.where)

    def weights(self, keys: dict[Key, Item]) -> Item | None:
        """The value of ``weights``, if it is a name."""
        item = keys.get(Key("weights"))
        if item is not None and not (isinstance(item.value, str) and item.value):
            fact = f"'weights' must be a name, not {describe(item)}"
            self.wrong(fact, item.where)
            return None
        return item

    def sources(self, keys: dict[Key, Item]) -> tuple[Item, ...] | None:
        """The names of the layers that a layer reads; None if they are missing or invalid."""
        item = keys.get(Key("from"))
        if item is None:
            return None
        items = self.items(item)
        wrong = [source for source in items if not isinstance(source.value, str)]
        for source in wrong:
            self.wrong(
                f"'from' must be the name of a layer, or a list of names, not {describe(source)}",
                source.where,
            )
        if not items:
            self.wrong("'from' is empty; name at least one layer", item.where)
        return None if wrong or not items else tuple(items)
