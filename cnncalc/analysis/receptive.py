"""Receptive fields: how they grow through a layer, and how they merge where branches meet.

Along an axis, output i usually sees ``size`` pixels, starting at ``start + i·jump``. This no longer
holds after upsampling, where outputs are closer together than inputs, or after adaptive pooling,
where windows differ in size. From there on, ``Pieces`` of the last regular map describe a field
exactly, in integers, and ``size`` is the largest field at any position of an unbounded map.

With circular padding, a field that leaves the image at one end continues at the other.

In these cases, the size is an upper bound:

- a layer cuts its inputs into pieces, and these inputs are already several pieces apart (an
  adaptive pool from 13 to 4, then one from 4 to 3);
- branches whose pieces come from different maps meet, and no branch sees everything that the others
  see;
- a layer follows a strided transposed convolution that is dilated, or whose filter is shorter than
  its stride, so that some outputs see less than others;
- positions have become channels or moved (permute, reshape), so later layers may read any of them;
- maps are concatenated along a spatial axis, so no single step fits all outputs;
- circular padding wraps around a map whose outputs do not go around the image a whole number of
  times, so a window at the end reads pixels that are not adjacent;
- the positions that an output reads depend on values (deformable convolution), are not a whole
  number of steps apart (upsampling with aligned corners) or are not known (opaque).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.core.reach import Cut, Reach
from cnncalc.core.shape import Map, Shape, alike
from cnncalc.formulas import receptive
from cnncalc.formulas.tracing import is_tracing
from cnncalc.formulas.vocabulary import exact

if TYPE_CHECKING:
    from fractions import Fraction


class Pieces(NamedTuple):
    """The parts of the image that outputs see, in pieces of an earlier map, each of whose outputs
    is cut into ``per`` pieces.

    Output n of that map sees ``size`` pixels, starting at ``start + n·jump``. Output i here covers
    the pieces from ``first + i·step`` to ``last + i·step``, which belong to the map's outputs from
    ``(first + i·step) // per`` to ``(last + i·step) // per``, and sees what they see. If ``bound``
    is set, it may see less.
    """

    size: int
    jump: int
    start: int
    step: int = 1
    per: int = 1
    first: int = 0
    last: int = 0
    bound: bool = False


class Field(NamedTuple):
    """The receptive field of one output along one axis, in input pixels.

    It is ``size`` pixels wide and moves by ``jump`` pixels from one output to the next. The first
    output's field starts at ``start``, which is negative if it starts in the padding. Where
    branches meet, their fields merge into the range that covers them all; ``smallest`` is the size
    for the narrowest branch.

    If outputs differ (after upsampling or uneven windows), ``size`` is that of the largest field,
    ``jump`` is the average, ``pieces`` describes what each output sees, and ``narrowest`` what each
    sees through the narrowest branch. If ``bound`` is set, the size is an upper bound. ``image`` is
    the size of the image along the axis, or 0 where windows that wrap around a map may not see
    adjacent pixels: after padding that copies pixels, and where branches with different jumps meet.
    """

    size: int
    jump: int | Fraction
    start: int
    smallest: int
    pieces: Pieces | None = None
    narrowest: Pieces | None = None
    bound: bool = False
    image: int = 0

    def pixels(self, index: int) -> tuple[int, int]:
        """The first and the last pixel that the output at this position sees, or may see if the
        size is a bound. They may lie outside the image."""
        size, jump, start, step, per, first, last, _ = _whole(self)
        one, other = (first + index * step) // per, (last + index * step) // per
        return start + one * jump, start + other * jump + size - 1


def _whole(field: Field) -> Pieces:
    """A field as pieces; by default, each output is one piece."""
    return field.pieces or _uncut(field, field.size)


def _narrow(field: Field) -> Pieces:
    """The pieces for the narrowest branch."""
    return field.narrowest or _uncut(field, field.smallest)


def _uncut(field: Field, size: int) -> Pieces:
    jump: int = field.jump  # type: ignore[assignment]
    return Pieces(size, jump, field.start, bound=field.bound)


Along = tuple[int | None, ...]
"""The axis of the network's input along which each dimension of a map runs, channels first."""


def grown(
    fields: tuple[Field, ...], reach: tuple[Reach, ...], along: Along | None = None
) -> tuple[Field, ...] | None:
    """The fields after a layer with this reach along each of its axes. ``along`` has the axis of
    the network's input that each dimension of the layer's input follows; by default, their axes are
    the same. An empty reach leaves the fields as they are, because a vector has no axes to slide
    along. None if the axes of the fields and of the reach cannot be matched, unless the fields
    cover everything."""
    if along is not None:
        axes = dict(zip(along[1:], reach))
        return tuple(
            _grown_axis(field, axes[axis]) if axis in axes else field
            for axis, field in enumerate(fields)
        )
    if len(reach) != len(fields):
        whole = all(field.jump == 0 for field in fields)  # it already covers everything
        return fields if whole or not reach else None
    return _along_axes(_grown_axis, fields, reach)


def usual(dimensions: int) -> Along:
    """Channels, then the axes of the input in order."""
    return (None, *range(dimensions - 1))


def beyond(
    fields: tuple[Field, ...], reach: tuple[Reach, ...] | None, along: Along | None, x: Shape
) -> tuple[Field, ...] | None:
    """The fields after a layer with this reach. ``along`` has the axes along which the dimensions
    of its input run; if the channels run along an axis, the layer may read any position on it."""
    if along is None or not isinstance(x, Map):
        return fields if reach is None else grown(fields, reach)
    if along[0] is not None:
        channels = (Reach(x.channels, 0, bound=True),)
        fields = grown(fields, channels, (None, along[0])) or ()
    return grown(fields, reach or (), along)


def at_most(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """These fields as upper bounds."""
    return tuple(field._replace(bound=True) for field in fields)


def _grown_axis(field: Field, reach: Reach) -> Field:
    if reach.wraps and not _closes(field, reach.wraps):
        reach = Reach(reach.wraps, 0, bound=True)
    return _slid(field, reach)._replace(image=0 if reach.copies else field.image)


def _closes(field: Field, outputs: int) -> bool:
    """Whether this many outputs go around the image a whole number of times, so that a window that
    wraps around the map sees adjacent pixels."""
    _, jump, _, step, per, *_ = _whole(field)
    moved, rest = divmod(outputs * step, per)
    return field.image > 0 and rest == 0 and moved * jump % field.image == 0


def _slid(field: Field, reach: Reach) -> Field:
    if field.pieces is not None:
        return _by(_through(_whole(field), reach), _through(_narrow(field), reach))
    jump: int = field.jump  # type: ignore[assignment]
    size = receptive.field_size(r_in=field.size, j_in=jump, E=reach.extent)
    start = receptive.field_start(s_in=field.start, j_in=jump, P=reach.before)
    smallest = receptive.field_size(r_in=field.smallest, j_in=jump, E=reach.extent)
    if reach.cut is None:
        jump = receptive.field_jump(j_in=jump, S=reach.stride) if reach.stride else 0
        return Field(size, jump, start, smallest, None, None, field.bound or reach.bound)
    average = receptive.cut_jump(j_in=jump, step=reach.cut.step, per=reach.cut.per)
    whole, narrow = _through(_whole(field), reach), _through(_narrow(field), reach)
    if whole.per == 1:
        return Field(size, average, start, smallest, None, None, field.bound)
    return Field(size, average, start, smallest, whole, narrow, field.bound)


def _through(pieces: Pieces, reach: Reach) -> Pieces:
    """The pieces of the outputs of a layer with this reach."""
    step = pieces.step
    if reach.cut is None:
        first = receptive.first_piece(first_in=pieces.first, step=step, P=reach.before)
        last = receptive.last_piece(last_in=pieces.last, step=step, E=reach.extent, P=reach.before)
        bound = pieces.bound or reach.bound
        return _reduced(pieces._replace(step=step * reach.stride, bound=bound), first, last)
    cut = _largest(reach.cut)
    slack = receptive.rounding_slack(step=step, per=cut.per) if step > 1 and cut.per > 1 else 0
    first = receptive.first_piece_cut(
        first_in=pieces.first, per=cut.per, step=step, begin=cut.begin, slack=slack
    )
    last = receptive.last_piece_cut(last_in=pieces.last, per=cut.per, step=step, end=cut.end)
    bound = pieces.bound or slack > 0 or cut.gaps
    step, per = step * cut.step, pieces.per * cut.per
    return _reduced(pieces._replace(step=step, per=per, bound=bound), first, last)


def _largest(cut: Cut) -> Cut:
    """These windows, cut into as few pieces as possible."""
    step, per, begin, end, gaps = cut
    common = gcd(step, per)
    step, per, begin, end = (int(number) // common for number in (step, per, begin, end))
    return Cut(step, per, begin, end, gaps)


def _reduced(pieces: Pieces, first: int, last: int) -> Pieces:
    """These pieces, from ``first`` to ``last``, made as large as possible."""
    common = gcd(pieces.step, pieces.per)
    if common > 1:
        first, last = first // common, last // common
    return pieces._replace(
        step=pieces.step // common, per=pieces.per // common, first=first, last=last
    )


def _by(whole: Pieces, narrow: Pieces) -> Field:
    """The field with these pieces."""
    whole, narrow = _even(whole), _even(narrow)
    if whole.per == narrow.per == 1:
        return Field(whole.size, whole.jump, whole.start, narrow.size, bound=whole.bound)
    jump = receptive.pieces_jump(j_0=whole.jump, step=whole.step, per=whole.per)
    return Field(_size(whole), jump, _start(whole), _size(narrow), whole, narrow, whole.bound)


def _even(pieces: Pieces) -> Pieces:
    """The same pieces, with each output as one piece if outputs are not cut."""
    if pieces.per > 1:
        return pieces
    jump: int = receptive.pieces_jump(j_0=pieces.jump, step=pieces.step)  # type: ignore[assignment]
    return Pieces(_size(pieces), jump, _start(pieces), bound=pieces.bound)


def _size(pieces: Pieces) -> int:
    return receptive.pieces_size(
        r_0=pieces.size, j_0=pieces.jump, first=pieces.first, last=pieces.last, per=pieces.per
    )


def _start(pieces: Pieces) -> int:
    return receptive.pieces_start(
        s_0=pieces.start, j_0=pieces.jump, first=pieces.first, per=pieces.per
    )


def places(x: Shape) -> tuple[int, ...]:
    """The number of outputs of a map along each axis."""
    return x.spatial if isinstance(x, Map) else ()


def hull(
    seen: Sequence[tuple[Field, ...] | None], places: Sequence[tuple[int, ...]]
) -> tuple[Field, ...] | None:
    """The combined field of several inputs, given the number of positions of each along every axis;
    None if their axes differ, or if the field of one is not known."""
    first = seen[0]
    if alike(seen) and alike(places):
        return first
    known = [fields for fields in seen if fields is not None]
    if len(known) < len(seen) or not alike([len(fields) for fields in known]):
        return None
    axes = len(known[0])
    counts = [sizes if len(sizes) == axes else (1,) * axes for sizes in places]
    fields, numbers = tuple(zip(*known, strict=True)), tuple(zip(*counts, strict=True))
    return _along_axes(_axis_hull, fields, numbers)


def _along_axes(function: Callable[..., Field], *values: tuple[Any, ...]) -> tuple[Field, ...]:
    """Apply the function to the values of each axis. Axes with equal values are computed once,
    unless each has to be shown."""
    axes = len(values[0])
    if axes < 2 or is_tracing():
        return tuple(map(function, *values))
    for one in values:
        # Axes are often the same object. Unlike ==, a set adds no guards for recorded numbers.
        if (axes > 2 or one[0] is not one[1]) and len({*one}) > 1:
            return tuple(map(function, *values))
    return (function(*[one[0] for one in values]),) * axes


def _spread(field: Field) -> Field:
    """The field of a single output that every position of a larger map reads."""
    if field.pieces is None:
        return field._replace(jump=0)
    still = (pieces._replace(step=0) for pieces in (_whole(field), _narrow(field)))
    return _by(*still)._replace(image=field.image)


def _axis_hull(fields: tuple[Field, ...], counts: tuple[int, ...]) -> Field:
    if min(counts) == 1 < max(counts):
        fields = tuple(
            _spread(field) if count == 1 else field for field, count in zip(fields, counts)
        )
    sizes, jumps, starts, smallest, pieces, _, bounds, images = zip(*fields, strict=True)
    image = images[0] if alike(images) and alike(jumps) else 0
    if any(pieces):
        joined = _by(_joined([*map(_whole, fields)]), min(map(_narrow, fields), key=_size))
        return joined._replace(image=image)
    size = receptive.joined_size(s_i=starts, r_i=sizes)
    if not alike(jumps) or not alike(counts):
        # Fields with different jumps are furthest apart at one of the two ends.
        last = receptive.joined_size_last(s_i=starts, r_i=sizes, j_i=jumps, places_i=counts)
        size = max(size, last)
    return Field(
        size,
        receptive.joined_jump(j_i=jumps),
        receptive.joined_start(s_i=starts),
        min(smallest),
        bound=any(bounds),
        image=image,
    )


def _joined(members: list[Pieces]) -> Pieces:
    """Pieces that cover those of all members."""
    first = members[0]
    if all(one[:5] == first[:5] for one in members):  # only first and last pieces differ
        return _covering(first, members)
    # Members in pieces of different maps are compared in pixels. If the least that one can see
    # covers the most that the others can see, it covers them all.
    outer = [*map(_at_most, members)]
    fastest = max(outer, key=lambda one: exact(one.step, one.per))
    outer = [_moving(one, fastest) for one in outer]
    for place, one in enumerate(members):
        inner = _at_least(one)
        others = _covering(fastest, outer[:place] + outer[place + 1 :])
        alike = inner[:5] == others[:5]
        if alike and inner.first <= others.first and inner.last >= others.last:
            return one
    return _covering(fastest, outer)._replace(bound=True)


def _covering(like: Pieces, members: list[Pieces]) -> Pieces:
    """From the first to the last piece of all members, in the pieces of ``like``."""
    return like._replace(
        first=min(one.first for one in members),
        last=max(one.last for one in members),
        bound=any(one.bound for one in members),
    )


def _at_most(one: Pieces) -> Pieces:
    """In pieces of pixels, an upper bound on what an output sees."""
    cut = one.per - 1
    return _in_pixels(one, one.jump * (one.first - cut) + cut, one.jump * one.last)


def _at_least(one: Pieces) -> Pieces:
    """In pieces of pixels, a lower bound on what an output sees."""
    cut = one.per - 1
    return _in_pixels(one, one.jump * one.first, one.jump * (one.last - cut) + cut)


def _in_pixels(one: Pieces, first: int, last: int) -> Pieces:
    pixels = Pieces(1, 1, 0, one.jump * one.step, one.per)
    start, end = one.start * one.per, (one.start + one.size - 1) * one.per
    return _reduced(pixels, start + first, end + last)


def _moving(one: Pieces, like: Pieces) -> Pieces:
    """Pieces of pixels that move like those of ``like``; for output 0, they cover these pixels."""
    if (one.step, one.per) == (like.step, like.per):
        return one
    first, last = one.first // one.per, one.last // one.per
    return like._replace(first=first * like.per, last=(last + 1) * like.per - 1)
