"""Random layers and networks, drawn from what the kinds declare about themselves.

No field is listed here: values are drawn from the field's JSON Schema and from the sizes of the
input, so that new kinds are covered automatically. Everything takes a ``random.Random`` or an
equivalent, and the same seed gives the same result.
"""

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

import cnncalc
from cnncalc import layers
from cnncalc.core.errors import CnncalcError, LayerError
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import fields_of, required_of
from cnncalc.core.shape import Map, Shape, Vector, read_shape, shape_of

CHANNELS = (1, 2, 3, 4, 6, 8, 12)
"""Numbers of channels with many divisors."""

LONGEST = {1: 20, 2: 12, 3: 7}
"""The largest size along each axis, by the number of axes."""

NUMBERS = (-1.5, -0.5, 0, 1e-5, 0.1, 0.5, 1, 1.5, 2, 3, 20)
"""Values of fields that affect no count."""

KINDS = tuple(kind for kind in layers.every() if kind.known)
WEIGHTED = tuple(kind for kind in KINDS for _ in range(max(3, 1 + len(fields_of(kind)))))
"""All kinds, those with more fields more often."""

IN_FRAMES = tuple(kind for kind in KINDS if kind.kind != "embedding")
"""The kinds that read what another layer computes; an embedding reads indices of its vocabulary."""

JOINS = tuple(kind for kind in KINDS if kind.arity[1] is None)
PAIRED = tuple(kind for kind in KINDS if (kind.arity[1] or 1) > 1)
"""The kinds that read a few maps, each with a part of its own."""

STEPS = tuple(kind for kind in WEIGHTED if kind.arity[0] == 1)


def shape(random: Random) -> Shape:
    """A small feature map with one to three axes, or occasionally a vector."""
    if random.random() < 0.1:
        return Vector(random.randint(1, 12))
    axes = random.choice((1, 2, 2, 3))
    spatial = tuple(max(random.randint(1, LONGEST[axes]) for _ in "ab") for _ in range(axes))
    return Map(random.choice(CHANNELS), spatial)


# Fields.

NOT_RUN = (
    "params", "buffers", "multiply_accumulates", "backward_multiply_accumulates", "saved_bytes",
    "saves_output", "contiguous", "strides", "borrows", "room",
)  # fmt: skip
"""Fields with which PyTorch cannot run a layer: how it computes its output is not known."""


def fields(random: Random, kind: type[Layer], x: Shape) -> dict[str, Any]:
    """Fields for a layer of this kind, as a spec writes them; some keep their defaults."""
    required = required_of(kind)
    near = near_of(x)
    given: dict[str, Any] = {}
    for name, field in fields_of(kind).items():
        if name == "like" or name in NOT_RUN:  # like names a layer
            continue
        if name == "layer":
            given[name] = of_frames(random, x)
            continue
        if name in required or random.random() < 0.4:
            given[name] = value(random, field.schema, near)
            if type(given[name]) is int:  # so that a table is as long as the number of filters
                near = near._replace(lengths=(*near.lengths, given[name]))
    return given


def of_frames(random: Random, x: Shape) -> dict[str, Any]:
    """A layer for the frames of x, in most cases one that reads a map of their size."""
    kind = random.choice(IN_FRAMES)
    channels, *spatial = x.dimensions
    frame = shape_of((channels, *spatial[1:]))
    return {kind.kind: None if "layer" in fields_of(kind) else fields(random, kind, frame) or None}


class Near(NamedTuple):
    """Numbers that often fit a layer, as values and as lengths of lists."""

    values: tuple[int, ...]
    lengths: tuple[int, ...]


def near_of(x: Shape) -> Near:
    """The sizes of an input, the divisors of its channels, and its number of axes and
    dimensions."""
    first, *spatial = x.dimensions
    divisors = [n for n in range(1, first + 1) if first % n == 0]
    axes = len(spatial)
    return Near((first, *spatial, *divisors, axes), (axes, axes, axes, axes + 1, 1))


def value(random: Random, schema: Any, near: Near) -> Any:
    """A value that matches a JSON Schema."""
    if "anyOf" in schema and "type" not in schema:
        # A string with a pattern is another way to write one of the other forms.
        forms = [form for form in schema["anyOf"] if form.get("type") != "string"]
        return value(random, random.choice(forms), near)
    if "enum" in schema:
        return random.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    return DRAWN[schema["type"]](random, schema, near)


def _integer(random: Random, schema: Any, near: Near) -> int:
    least = schema.get("minimum", -2)
    small = tuple(range(least, least + 4))
    allowed = [
        n for n in (small if random.random() < 0.6 else near.values) if _is_within(n, schema)
    ]
    return random.choice(allowed or small[:1])


def _number(random: Random, schema: Any, near: Near) -> float:
    return random.choice([number for number in NUMBERS if _is_within(number, schema)])


def _is_within(number: float, schema: Any) -> bool:
    least, most = schema.get("minimum", number), schema.get("maximum", number)
    return least <= number <= most and number > schema.get("exclusiveMinimum", number - 1)


def _array(random: Random, schema: Any, near: Near) -> list[Any]:
    least, most = schema["minItems"], schema.get("maxItems", 12)
    fitting = [n for n in near.lengths if least <= n <= most]
    length = random.choice(fitting or [least])
    if schema.get("uniqueItems") and random.random() < 0.7:
        return random.sample(range(length), length)  # places: all of them, in some order
    items = [value(random, schema["items"], near) for _ in range(length)]
    return list(dict.fromkeys(items)) if schema.get("uniqueItems") else items


def _object(random: Random, schema: Any, near: Near) -> dict[str, Any]:
    names = list(schema["properties"])
    chosen = random.sample(names, random.randint(1, len(names)))
    return {name: value(random, schema["properties"][name], near) for name in chosen}


def _boolean(random: Random, schema: Any, near: Near) -> bool:
    return random.choice((False, True))


DRAWN: dict[str, Callable[[Random, Any, Near], Any]] = {
    "integer": _integer,
    "number": _number,
    "array": _array,
    "object": _object,
    "boolean": _boolean,
}
"""How to draw a value, by its type in the schema."""


def beyond(random: Random, kind: type[Layer]) -> dict[str, Any]:
    """A field with a number just outside its schema's bounds; none without bounds."""
    outside = {
        name: list(_outside(field.schema))
        for name, field in fields_of(kind).items()
        if name not in NOT_RUN and list(_outside(field.schema))
    }
    if not outside:
        return {}
    name = random.choice(list(outside))
    return {name: random.choice(outside[name])}


def _outside(schema: Any) -> Iterator[float]:
    for one in schema.get("anyOf", (schema,)):
        if "minimum" in one:
            yield one["minimum"] - 1
        if "exclusiveMinimum" in one:
            yield one["exclusiveMinimum"]
        if "maximum" in one:
            yield one["maximum"] + 1


# Single layers.


class Single(NamedTuple):
    """One layer and its inputs. ``wrong`` is a field out of its range, if any; ``trained`` tells
    which inputs come from a layer with parameters, ``frozen`` whether its own are not trained."""

    kind: str
    given: dict[str, Any]
    inputs: tuple[Shape, ...]
    wrong: dict[str, Any]
    trained: tuple[bool, ...]
    frozen: bool = False
    batch: int = 2

    @property
    def spec(self) -> dict[str, Any]:
        """A network with only this layer."""
        names = [f"x{number}" for number in range(len(self.inputs))]
        before = [
            {"scale": None, "from": name, "name": f"before_{name}"}
            for name, is_trained in zip(names, self.trained, strict=True)
            if is_trained
        ]
        sources = [
            f"before_{name}" if is_trained else name
            for name, is_trained in zip(names, self.trained, strict=True)
        ]
        layer = {self.kind: {**self.given, **self.wrong}, "from": sources, "name": "layer"}
        layer |= {"trainable": False} if self.frozen else {}
        return {
            "layout": "chw",
            "input": {name: list(x.dimensions) for name, x in zip(names, self.inputs, strict=True)},
            "layers": [*before, layer],
        }


def single(random: Random) -> Single:
    """One layer of any kind with as many inputs as it takes; many do not fit together."""
    kind = random.choice(WEIGHTED)
    first = shape(random)
    inputs = (first, *many_beside(random, kind, first))
    given = fields(random, kind, first)
    if kind in SMALL and random.random() < 0.1:
        inputs, given = copy.deepcopy(random.choice(SMALL[kind]))
    return Single(
        kind=kind.kind,
        given=given,
        inputs=inputs,
        wrong=beyond(random, kind) if random.random() < 0.03 else {},
        trained=tuple(random.random() < 0.5 for _ in inputs),
        frozen=random.random() < 0.2,
        batch=random.choice((1, 2, 2, 3)),
    )


def written(kind: type[Layer], given: Any) -> dict[str, Any]:
    """The value of a layer as a mapping of its fields."""
    if not isinstance(given, dict):
        given = {} if given is None else {kind.main: given}
    names = {also: name for name, one in fields_of(kind).items() for also in (name, *one.also)}
    return {names[word]: one for word, one in given.items()}


def many_beside(random: Random, kind: type[Layer], x: Shape) -> list[Shape]:
    """The other inputs of a layer of this kind, whose first is x; now and then one too many."""
    least, most = kind.arity
    if most is None:
        extra = random.choice((0, 0, 1, 2))
    else:
        extra = random.randint(0, most - least) if most > least else random.random() < 0.01
    return [beside(random, x) for _ in range(least + extra - 1)]


def beside(random: Random, x: Shape) -> Shape:
    """Another input to go with x: usually the same shape, or different in one size, or with its
    last sizes swapped, or any other."""
    chance = random.random()
    if chance < 0.1:
        return shape(random)
    if chance < 0.5:
        sizes = list(x.dimensions)
        sizes[random.randrange(len(sizes))] = random.choice((1, 1, *CHANNELS))
        return shape_of(tuple(sizes))
    if chance < 0.6:
        return shape_of((*x.dimensions[:-2], *x.dimensions[:-3:-1]))
    return x


# Networks.

MAX_ELEMENTS, MAX_PARAMS, MAX_MACS = 10_000, 100_000, 2_000_000
"""Limits for each layer, so that a network runs quickly."""

Entry = Any
"""An item of a list of layers, as a spec writes it."""


def network(random: Random) -> dict[str, Any]:
    """A valid spec that uses every part of the language now and then."""
    return _Writer(random).spec()


class _Writer:
    """Writes one spec. Every draw is checked with the calculator and dropped if refused; the tests
    of single layers show that it refuses only what PyTorch refuses."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.blocks: dict[str, Any] = {}
        self.parameters: dict[str, Any] = {}
        self.names = 0

    def fresh(self, word: str) -> str:
        self.names += 1
        return f"{word}{self.names}"

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def spec(self) -> dict[str, Any]:
        entries, inputs = self.trunk()
        for _ in range(self.random.choice((0, 0, 1, 2))):
            self.parametrize(entries)
        spec = {"input": inputs, "parameters": self.parameters, "blocks": self.blocks}
        kept = {key: part for key, part in spec.items() if part}
        return {"layout": "chw", **kept, "layers": entries}

    def trunk(self) -> tuple[list[Entry], Any]:
        """All layers, and the inputs."""
        length = self.random.randint(1, 8)
        if self.chance(0.05):
            entries, inputs = self.example(length)
        elif self.chance(0.85):
            x = shape(self.random)
            entries, _ = self.chain(x, length, depth=2)
            inputs = "x".join(map(str, x.dimensions)) if self.chance(0.5) else list(x.dimensions)
        else:
            entries, inputs = self.several(length)
        if self.chance(0.3):
            entries += ["flatten"] if self.chance(0.5) else []
            entries += [
                {"linear": self.random.randint(1, 10)},
                self.random.choice(("softmax", "relu")),
            ]
        return entries, inputs

    def example(self, length: int) -> tuple[list[Entry], Any]:
        """A layer that somebody worked by hand, and a chain after it."""
        kind = self.random.choice([*SMALL])
        shapes, given = copy.deepcopy(self.random.choice(SMALL[kind]))
        inputs = {self.fresh("in"): list(x.dimensions) for x in shapes}
        y = accepted(kind, given, *shapes)
        assert y is not None
        chain, _ = self.chain(y, length, depth=1, scope={})
        return [{kind.kind: given or None, "from": [*inputs]}, *chain], inputs

    def several(self, length: int) -> tuple[list[Entry], Any]:
        """A chain from each of two inputs, joined."""
        first = shape(self.random)
        ends, entries, inputs = [], [], {}
        for x in (first, beside(self.random, first)):
            name, end = self.fresh("in"), self.fresh("end")
            inputs[name] = list(x.dimensions)
            chain, y = self.chain(x, self.random.randint(1, 2), depth=1, scope={})
            more = self.fit(y, ends[0][1]) if ends else []
            chain += more or []
            chain[0] = _as_mapping(chain[0]) | {"from": name}
            chain.append({"identity": None, "name": end})
            ends.append((end, ends[0][1] if more else y))
            entries += chain
        join = self.random.choice(JOINS)
        y = accepted(join, {}, *(y for _, y in ends))
        if y is None:
            return entries, inputs
        entries.append({self.word(join, y): None, "from": [end for end, _ in ends]})
        chain, _ = self.chain(y, length, depth=1, scope={})
        return entries + chain, inputs

    def chain(
        self, x: Shape, length: int, depth: int, scope: dict[str, Shape] | None = None
    ) -> tuple[list[Entry], Shape]:
        """Steps one after another; anything named in ``scope`` may be read again."""
        scope = {"input": x} if scope is None else scope
        entries: list[Entry] = []
        for _ in range(length):
            entry, x = self.step(x, depth, scope)
            if entries and self.chance(0.05):
                entries.append(self.left_out(x))
            if self.chance(0.1):
                entry = _as_mapping(entry) | {"trainable": False}
            if self.chance(0.3):
                name = self.fresh("n")
                entry = _as_mapping(entry) | {"name": name}
                scope[name] = x
            entries.append(entry)
        return entries, x

    def left_out(self, x: Shape) -> Entry:
        """A layer whose condition is false."""
        flag = self.fresh("flag")
        self.parameters[flag] = False
        return _as_mapping(self.layer(x)[0]) | {"when": f"${flag}"}

    def step(self, x: Shape, depth: int, scope: dict[str, Shape]) -> tuple[Entry, Shape]:
        """A layer, or a group of layers."""
        composed = (
            self.residual, self.branches, self.block, self.again, self.repeated, self.parts,
            self.paired,
        )  # fmt: skip
        if self.chance(0.35):
            if depth and self.chance(0.7):
                found = self.random.choice(composed)(x, depth - 1)
            else:
                found = self.earlier(scope)
            if found is not None:
                return found
        return self.layer(x)

    def layer(self, x: Shape) -> tuple[Entry, Shape]:
        """One layer that accepts x; a map usually stays a map."""
        for _ in range(10):
            kind = self.random.choice(STEPS)
            given = fields(self.random, kind, x)
            given.pop("inplace", None)  # refused if anything else reads its input
            y = accepted(kind, given, x)
            if y is None or (type(y) is not type(x) and self.chance(0.8)):
                continue
            return self.written(kind, given, x), y
        return "relu", x

    def written(self, kind: type[Layer], given: dict[str, Any], x: Shape) -> Entry:
        """A layer in one of the ways to write it in a spec."""
        word = self.word(kind, x)
        known = fields_of(kind)
        if not given:
            return word if self.chance(0.5) else {word: None}
        alone = given.get(kind.main) if len(given) == 1 else None
        if alone is not None and not isinstance(alone, dict) and self.chance(0.5):
            return {word: alone}
        return {
            word: {
                self.random.choice((name, name, *known[name].also)): one
                for name, one in given.items()
            }
        }

    def word(self, kind: type[Layer], x: Shape) -> str:
        """A kind's name, one of its aliases, or its name with the number of axes."""
        words = [kind.kind] * 4 + [
            word for word in kind.aliases if layers.find(word)[1] in (None, len(x.dimensions) - 1)
        ]
        ranked = f"{kind.kind}{len(x.dimensions) - 1}d"
        if isinstance(x, Map) and layers.find(ranked)[0] is kind:
            words.append(ranked)
        return self.random.choice(words)

    def earlier(self, scope: dict[str, Shape]) -> tuple[Entry, Shape] | None:
        """A layer or a join that reads an earlier layer by name."""
        if not scope:
            return None
        if self.chance(0.3):
            name = self.random.choice(list(scope))
            entry, y = self.layer(scope[name])
            return _as_mapping(entry) | {"from": name}, y
        for _ in range(5):
            names = [self.random.choice(list(scope)) for _ in range(self.random.choice((2, 2, 3)))]
            join = self.random.choice(JOINS)
            y = accepted(join, {}, *(scope[name] for name in names))
            if y is not None:
                return {self.word(join, y): None, "from": names}, y
        return None

    def residual(self, x: Shape, depth: int) -> tuple[Entry, Shape] | None:
        """A body and its shortcut, with one of them adjusted so that the shapes match."""
        body, y = self.chain(x, self.random.randint(1, 3), depth)
        if y == x:
            return {"residual": body}, x
        if self.chance(0.5):
            shortcut = self.fit(x, y)
            return None if shortcut is None else ({"residual": body, "shortcut": shortcut}, y)
        more = self.fit(y, x)
        return None if more is None else ({"residual": body + more}, x)

    def branches(self, x: Shape, depth: int) -> tuple[Entry, Shape] | None:
        """Several branches, joined directly or adjusted to fit."""
        join = self.random.choice(JOINS)
        count = self.random.randint(max(join.arity[0], 1), 4)
        ways = [self.chain(x, self.random.randint(0, 2), depth) for _ in range(count)]
        y = accepted(join, {}, *(end for _, end in ways))
        if y is None:
            target = ways[0][1]
            for place, (way, end) in enumerate(ways):
                more = self.fit(end, target)
                if more is None:
                    return None
                gate = place and isinstance(target, Map) and self.chance(0.3)
                more += ["global_avg_pool"] if gate else []
                ways[place] = (way + more, accepted_chain(more, end) if more else end)
            y = accepted(join, {}, *(end for _, end in ways))
        if y is None:
            return None
        listed = [way for way, _ in ways]
        named = listed if self.chance(0.5) else {self.fresh("way"): way for way in listed}
        word = self.word(join, y)
        return {"branches": named, "join": word if self.chance(0.5) else {word: None}}, y

    def block(self, x: Shape, depth: int) -> tuple[Entry, Shape]:
        """A new block of random layers that takes some of its numbers as parameters."""
        name = self.fresh("block")
        body, y = self.chain(x, self.random.randint(1, 3), depth)
        takes: list[Any] = []
        arguments = {}
        for container, key in self.random.sample(found := list(_numbers(body)), min(2, len(found))):
            taken, number = self.fresh("p"), container[key]
            container[key] = f"${taken}"
            usual = self.chance(0.5)
            takes.append({taken: number} if usual else taken)
            if not usual or self.chance(0.5):
                arguments[taken] = number
        takes.sort(key=lambda taken: isinstance(taken, dict))
        self.blocks[name] = {"takes": takes, "layers": body} if takes else {"layers": body}
        if not arguments:
            return name if self.chance(0.5) else {name: None}, y
        required = [taken for taken in takes if not isinstance(taken, dict)]
        if list(arguments) == required and self.chance(0.5):
            return {name: list(arguments.values())}, y
        return {name: arguments}, y

    def parts(self, x: Shape, depth: int) -> tuple[Entry, Shape] | None:
        """A new block that splits its channels, changes the first part, and joins it with the
        other."""
        channels, *spatial = x.dimensions
        if channels < 2:
            return None
        first = self.random.randint(1, channels - 1)
        given: Any = [first, channels - first] if 2 * first != channels or self.chance(0.5) else 2
        body, y = self.chain(shape_of((first, *spatial)), 1, depth, scope={})
        joined = accepted(layers.load("concat"), {}, y, shape_of((channels - first, *spatial)))
        if joined is None:
            return None
        name, split, end = self.fresh("block"), self.fresh("split"), self.fresh("end")
        body[0] = _as_mapping(body[0]) | {"from": f"{split}.0"}
        parts = [{"split": given, "name": split}, *body, {"identity": None, "name": end}]
        self.blocks[name] = {"layers": [*parts, {"concat": None, "from": [end, f"{split}.1"]}]}
        return name, joined

    def paired(self, x: Shape, depth: int) -> tuple[Entry, Shape] | None:
        """A layer that reads several maps, each of them made from x by layers that fit."""
        kind = self.random.choice(PAIRED)
        given, shapes = fields(self.random, kind, x), (x, *many_beside(self.random, kind, x))
        if kind in SMALL and (accepted(kind, given, *shapes) is None or self.chance(0.3)):
            shapes, given = copy.deepcopy(self.random.choice(SMALL[kind]))
        if len(shapes) < 2 or accepted(kind, given, *shapes) is None:
            return None
        ways = [self.fit(x, shape) for shape in shapes]
        if None in ways:
            return None
        ways = [[{"scale": None}, *way] if self.chance(0.3) else way for way in ways]
        return self.tried({"branches": ways, "join": {kind.kind: given or None}}, x)

    def again(self, x: Shape, depth: int) -> tuple[Entry, Shape] | None:
        """An existing block with other numbers."""
        if not self.blocks:
            return None
        name = self.random.choice(list(self.blocks))
        takes = self.blocks[name].get("takes", ())
        words = [next(iter(taken)) if isinstance(taken, dict) else taken for taken in takes]
        near = near_of(x).values
        entry = {name: {word: self.random.choice(near) for word in words}} if words else name
        return self.tried(entry, x)

    def repeated(self, x: Shape, depth: int) -> tuple[Entry, Shape] | None:
        """A layer or a block several times in a row."""
        entry, _ = self.block(x, depth) if depth and self.chance(0.5) else self.layer(x)
        entry = _as_mapping(entry) | {"repeat": self.random.randint(1, 3)}
        return self.tried(entry | ({"weights": self.fresh("w")} if self.chance(0.5) else {}), x)

    def tried(self, entry: Entry, x: Shape) -> tuple[Entry, Shape] | None:
        """The entry and its output, if the calculator accepts it."""
        spec = {
            "layout": "chw",
            "input": list(x.dimensions),
            "parameters": self.parameters,
            "blocks": self.blocks,
            "layers": [entry],
        }
        try:
            report = cnncalc.summarize(spec)
        except CnncalcError:
            return None
        return (entry, report.output_shape) if all(map(is_small, report)) else None

    def fit(self, x: Shape, y: Shape) -> list[Entry] | None:
        """Layers that turn x into y; None if they would be large."""
        if x == y:
            return []
        if isinstance(x, Map) and isinstance(y, Map) and len(x.spatial) == len(y.spatial):
            sized = {
                self.random.choice(("adaptive_avg_pool", "adaptive_max_pool")): list(y.spatial)
            }
            mixed = {"conv": {"out_channels": y.channels, "kernel_size": 1}}
            return [sized] * (x.spatial != y.spatial) + [mixed] * (x.channels != y.channels)
        if x.elements * y.elements > MAX_PARAMS:
            return None
        linear = {"linear": y.elements}
        return [linear] if isinstance(y, Vector) else [linear, {"reshape": list(y.dimensions)}]

    def parametrize(self, entries: list[Entry]) -> None:
        """Replace a number by a parameter of the spec, or by an expression with one."""
        found = list(_numbers(entries))
        if not found:
            return
        container, key = self.random.choice(found)
        name, number = self.fresh("w"), container[key]
        form, held = self.random.choice(
            (
                (f"${name}", number),
                (f"${{{name} + 1}}", number - 1),
                (f"${{{name} // 2}}", 2 * number + 1),
                (f"${{min({name}, {number})}}", number + 3),
            )
        )
        self.parameters[name], container[key] = held, form


def accepted(kind: type[Layer], given: dict[str, Any], *inputs: Shape) -> Shape | None:
    """The output of a layer, if the calculator accepts it and it is small."""
    try:
        layer = kind.parse(given)
        if layer.flattens:
            inputs = tuple(Vector(x.elements) for x in inputs)
        y = layer.infer(inputs)
        cost = layer.cost(inputs, y)
    except LayerError:
        return None
    small = y.elements <= MAX_ELEMENTS and cost.macs <= MAX_MACS
    return y if small and cost.params + cost.fixed <= MAX_PARAMS else None


def accepted_chain(entries: list[Entry], x: Shape) -> Shape:
    """The outputs of layers that are known to fit."""
    spec = {"layout": "chw", "input": list(x.dimensions), "layers": entries}
    return cnncalc.summarize(spec).output_shape


def is_small(row: Any) -> bool:
    """Whether a row of a report runs quickly."""
    cost = row.cost
    small = row.output.elements <= MAX_ELEMENTS and cost.macs <= MAX_MACS
    return small and cost.params + cost.fixed <= MAX_PARAMS


def _as_mapping(entry: Entry) -> dict[str, Any]:
    """The mapping that an entry is short for."""
    return {entry: None} if isinstance(entry, str) else copy.copy(entry)


def _numbers(tree: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """The positions of all whole numbers in a tree."""
    if isinstance(tree, dict):
        for key, inner in tree.items():
            if type(inner) is int:
                yield tree, key
            else:
                yield from _numbers(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _numbers(inner)


SMALL = {
    kind: found
    for kind in KINDS
    if (
        found := [
            (inputs, given)
            for example in kind.examples
            for inputs in [tuple(map(read_shape, example.inputs))]
            for given in [written(kind, example.given)]
            if accepted(kind, given, *inputs) is not None
            if not isinstance(given, dict) or not {*NOT_RUN} & {*given}
        ]
    )
}
"""The inputs and fields of worked examples that run quickly, by kind."""
