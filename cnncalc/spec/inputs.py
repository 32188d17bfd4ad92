"""The inputs of a spec: their shapes, and checks for shapes that are probably mistakes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.core.errors import LayerError, SpecError, UsageError, Where, did_you_mean, some
from cnncalc.core.fields import LARGEST, shown
from cnncalc.core.shape import Layout, Shape, read_sizes, shape_of
from cnncalc.spec import catalog, notation
from cnncalc.spec.entry import Spec
from cnncalc.spec.text import Item, Key, located
from cnncalc.spec.values import Values, value_of
from cnncalc.spec.work import Work

Shapes = str | int | Sequence[int]
"""A shape as people write it: ``"3x224x224"``, ``[3, 224, 224]``, ``784``."""

FEW = (1, 3, 4)
"""The numbers of channels of images: grey, colour, and colour with transparency."""
OPTION = "--layout {}"
USE = "use --input {} --batch {}"
SMALLEST_IMAGE = 8
"""A shape is taken for a batch of images only if their sides are at least this long."""


class Given(NamedTuple):
    """The shape of an input.

    ``own`` is the spec's own shape, if a given one replaces it. ``batched`` is the error for a
    shape that looks like a batch of images; a network of volumes ignores it.
    """

    shape: Shape
    own: Shape | None = None
    batched: UsageError | SpecError | None = None


def layout_in(spec: Spec, source: str, layout: Layout | None) -> Layout | None:
    """The layout of a file's shapes: the one that it states, or else ``layout``. Built-ins are
    channels first."""
    stated = spec.layouts.get(source)
    return stated or ("chw" if catalog.holds(source) else layout)


MAX_INPUTS = 1_000


def inputs(
    spec: Spec,
    names: Values,
    given: Shapes | Mapping[str, Shapes] | None,
    layout: Layout | None,
    work: Work,
) -> dict[Key, Given | SpecError]:
    """Every input by name: its shape, or the error in its text.

    ``layout`` is how shapes are written, if it is known. Raises SpecError for too many inputs, and
    SpecError or UsageError for shapes in ``given`` that are invalid, doubtful or for no input.
    """
    named = _named(spec, given)
    if len(spec.inputs) > MAX_INPUTS:
        raise SpecError(
            f"the network has {len(spec.inputs):,} inputs, more than {MAX_INPUTS:,}", spec.where
        )
    found = {key: _own(spec, item, names, layout, work) for key, item in spec.inputs.items()}
    for key, own in found.items():
        if key in named:
            item = located(named[key], Where(""))
            shape = own.shape if isinstance(own, Given) else None
            found[key] = _replaced(spec, item, shape, names, layout, work)
    return found


def sizes_by_name(
    given: Shapes | Mapping[str, Shapes] | None, layout: Layout | None
) -> dict[str, tuple[int, ...]]:
    """The sizes of given shapes, channels first, by the input's name; "" for a single shape.

    Readers of models need them before there is a spec. Raises UsageError for invalid sizes, and for
    those that seem to have another layout.
    """
    named = given if isinstance(given, Mapping) else {} if given is None else {"": given}
    found = {}
    for name, shape in named.items():
        listed = read_sizes(shape) if isinstance(shape, str) else shape
        sizes = _whole(listed if isinstance(listed, Sequence) else [listed], shape)
        if why := turned(sizes, layout):
            raise UsageError(f"input {why.fact}", why.help)
        found[str(name)] = shape_of(sizes, layout or "chw").dimensions
    return found


def resized(spec: Spec, sizes: Mapping[str, Sequence[int]]) -> Spec:
    """A spec with other input shapes, as ``sizes_by_name`` returns them. Raises UsageError for a
    shape of no input."""
    named = _named(spec, sizes.get("", sizes))
    shapes = {Key(name): located(shape, Where("")) for name, shape in named.items()}
    return spec._replace(inputs={**spec.inputs, **shapes})


def _named(spec: Spec, given: Shapes | Mapping[str, Shapes] | None) -> Mapping[str, Shapes]:
    """The given shapes by the input that they replace."""
    if given is None or isinstance(given, Mapping):
        named: Mapping[str, Shapes] = given or {}
    elif len(spec.inputs) == 1:
        named = {str(next(iter(spec.inputs))): given}
    else:
        raise UsageError(
            f"the network has several inputs; name the shape of each: {some(spec.inputs)}"
        )
    for name in named:
        if name not in spec.inputs:
            only = len(spec.inputs) == 1
            known = f"its only input is called {next(iter(spec.inputs))!r}" if only else ""
            known = known or f"its inputs are {some(spec.inputs)}"
            hint = did_you_mean(str(name), spec.inputs) or f"; {known}"
            raise UsageError(f"the network has no input {name!r}{hint}")
    return named


def _own(
    spec: Spec, item: Item, names: Values, layout: Layout | None, work: Work
) -> Given | SpecError:
    """An input with the shape in the spec, or the error in it."""
    layout = layout_in(spec, item.where.source, layout)
    try:
        sizes = _sizes(item, names, work)
        shape = shape_of(sizes, layout or "chw")
    except (UsageError, LayerError) as why:
        return SpecError(f"input: {why}", item.where)
    except SpecError as why:
        return why
    if catalog.holds(item.where.source):
        return Given(shape)
    # A file can state its layout; the notation and plain data leave that to the caller.
    say = "'layout: {}'" if item.where.source not in ("", notation.SOURCE) else OPTION
    stated = item.where.source in spec.layouts
    if not stated and (doubt := turned(sizes, layout, say)):
        return SpecError(f"input {doubt.fact}", item.where, doubt.help)
    batched = _batched(sizes, layout, "write {} and use --batch {}", say)
    error = batched and SpecError(batched.fact, item.where, batched.help)
    return Given(shape, batched=error)


def _replaced(
    spec: Spec, item: Item, own: Shape | None, names: Values, layout: Layout | None, work: Work
) -> Given:
    """An input with a different shape; raises SpecError or UsageError unless it is plausible."""
    layout = layout or spec.layouts.get(spec.where.source)
    sizes = _sizes(item, names, work)
    shape = shape_of(sizes, layout or "chw")
    if own is not None and catalog.holds(spec.where.source) and len(shape) != len(own):
        image = sizes[1:]
        if layout is None and looks_last(image):
            image = (image[-1], *image[:-1])
        number = f"{len(own)} dimension{'s' * (len(own) > 1)}"
        raise _batched(sizes, layout, USE) or UsageError(
            f"{spec.name} needs an input with {number}, such as {_text(own)}, not '{_text(sizes)}'",
            USE.format(_text(image), sizes[0]) if len(sizes) == len(own) + 1 else "",
        )
    if why := turned(sizes, layout):
        raise UsageError(f"input {why.fact}", why.help)
    takes_volumes = own is not None and len(own) == 4
    return Given(shape, own, None if takes_volumes else _batched(sizes, layout, USE, OPTION))


def _sizes(item: Item, names: Values, work: Work) -> tuple[int, ...]:
    """The sizes of a shape as they are written."""
    value = value_of(item, names, work)
    if isinstance(value, str):
        return read_sizes(value)
    return _whole(value if isinstance(value, list) else [value], value)


def _whole(sizes: Sequence[Any], given: Any) -> tuple[int, ...]:
    """The sizes of a given shape. Raises UsageError unless they are whole numbers."""
    if not sizes or not all(size.__class__ is int and size < LARGEST for size in sizes):
        raise UsageError(f"a shape must be whole numbers, such as 3x224x224, not {shown(given)}")
    return tuple(sizes)


def looks_last(sizes: Sequence[int]) -> bool:
    """Whether sizes look like those of an image with its channels last: ``32x32x3``."""
    few = len(sizes) >= 3 and sizes[0] not in FEW and sizes[-1] in FEW
    return few and sizes[-1] < min(sizes[:-1])


def looks_first(sizes: Sequence[int]) -> bool:
    """Whether sizes look like those of an image with its channels first: ``3x32x32``."""
    return looks_last(sizes[::-1])


def turned(sizes: Sequence[int], layout: Layout | None, say: str = OPTION) -> UsageError | None:
    """The error for sizes that seem to have the other layout; None for others. ``say`` is how to
    state a layout."""
    if len(sizes) < 3:
        return None
    first, *inner, last = sizes
    if layout is None and looks_last(sizes):
        return UsageError(
            f"{_text(sizes)} looks as if its channels come last",
            f"write {_text([last, first, *inner])}, or add {say.format('hwc')}; "
            f"if it really has {first} channels, add {say.format('chw')}",
        )
    if layout == "hwc" and looks_first(sizes):
        return UsageError(
            f"{_text(sizes)} looks as if its channels come first, but the layout is hwc",
            f"write {_text([*inner, last, first])}; "
            f"if it really has {last} channels, write {_text([last, first, *inner])} with "
            f"{say.format('chw')}",
        )
    return None


def is_doubtful(sizes: Sequence[int]) -> bool:
    """Whether a shape may be refused unless its layout is stated."""
    return bool(turned(sizes, None) or _batched(tuple(sizes), None, ""))


def _batched(
    sizes: tuple[int, ...], layout: Layout | None, use: str, say: str = ""
) -> UsageError | None:
    """The error for sizes that look like a batch of images; None for others.

    ``use`` is how to give an image and its batch size, ``say`` how to state a layout, if the
    network may take volumes.
    """
    batch, *image = sizes
    if len(image) != 3 or layout == "chw":
        return None
    is_first = image[0] in (1, 3) and image[0] < min(image[1:]) >= SMALLEST_IMAGE
    is_last = batch == 1 and image[2] in (1, 3) and image[2] < min(image[:2]) >= SMALLEST_IMAGE
    if not (is_last or (is_first and (layout is None or batch == 1))):
        return None
    image = image if is_first else [image[2], *image[:2]]
    images = "one image" if batch == 1 else f"{batch} images"
    volume = f"; if it is a volume, add {say.format('chw')}" if say and layout is None else ""
    return UsageError(
        f"input {_text(sizes)} looks like a batch of {images}",
        f"{use.format(_text(image), batch)}{volume}",
    )


def _text(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))
