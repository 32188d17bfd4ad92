"""Receptive fields compared with PyTorch (the inputs with a gradient from one output unit) and
with the definition (the inputs that every output reads)."""

from fractions import Fraction
from math import ceil, floor

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.core.errors import CnncalcError


def examples(times):
    """This many times as many examples as other tests draw."""
    return settings(
        max_examples=times * settings.default.max_examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


LENGTH = 40


def convs(pads):
    return st.fixed_dictionaries(
        {
            "out_channels": st.just(1),
            "kernel_size": st.integers(1, 5),
            "stride": st.integers(1, 3),
            "padding": pads,
            "dilation": st.integers(1, 3),
        }
    ).map(lambda fields: {"conv": fields})


def pools():
    return st.integers(1, 4).flatmap(
        lambda size: st.fixed_dictionaries(
            {
                "kernel_size": st.just(size),
                "stride": st.integers(1, 3),
                "padding": st.integers(0, size // 2),
            }
        ).map(lambda fields: {"avg_pool": fields})
    )


layer = convs(st.integers(0, 4)) | pools()
# Convolutions that keep the size and have different extents.
kept = st.sampled_from([(1, 1), (3, 1), (3, 2), (5, 1), (5, 3)]).map(
    lambda it: {
        "conv": {
            "out_channels": 1,
            "kernel_size": it[0],
            "dilation": it[1],
            "padding": it[1] * (it[0] - 1) // 2,
        }
    }
)
fork = st.tuples(st.lists(kept, max_size=2), st.lists(kept, max_size=2)).map(
    lambda ways: {"branches": {"a": ways[0], "b": ways[1]}, "join": "add"}
)


def seen(spec):
    """The first and last input pixel with a gradient, for each output unit."""
    for pixels in read(spec):
        yield (pixels[0], pixels[-1]) if pixels else None


def read(spec):
    """The input pixels with a gradient, for each output unit."""
    network = cnncalc.to_torch(spec).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0)
    image = torch.rand(1, *spec["input"], dtype=torch.double, requires_grad=True)
    for unit in network(image).flatten():
        (gradient,) = torch.autograd.grad(unit, image, retain_graph=True)
        yield gradient.flatten().nonzero().flatten().tolist()


@examples(2)
@given(st.lists(layer | fork, min_size=1, max_size=4))
def test_every_unit_sees_exactly_its_receptive_field(layers):
    spec = {"input": [1, LENGTH], "layers": layers}
    try:
        report = cnncalc.summarize(spec)
    except CnncalcError:
        assume(False)
    (field,) = report.rows[-1].fields
    for index, support in enumerate(seen(spec)):
        first = field.start + index * field.jump
        last = first + field.size - 1
        if first >= 0 and last < LENGTH:
            assert support == (first, last), index
        elif support is not None:  # at the border: taps in the padding have no pixel
            assert first <= support[0], index
            assert support[1] <= last, index


@examples(1)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_the_size_of_a_transposed_layer_is_the_widest_field(F, S, D):
    layers = [{"conv_transpose": {"filters": 1, "kernel": F, "stride": S, "dilation": D}}]
    spec = {"input": [1, LENGTH], "layers": layers}
    (size,) = cnncalc.summarize(spec).rows[-1].receptive_field
    widths = [last - first + 1 for first, last in filter(None, seen(spec))]
    assert max(widths) == size


@examples(3)
@given(
    st.integers(1, 7),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 20),
    st.lists(layer, max_size=1),
)
def test_the_field_of_a_transposed_layer_starts_where_the_first_output_has_a_gradient(
    F, S, D, P, before
):
    """Padding removes the outputs that would read before the input."""
    fields = {"filters": 1, "kernel": F, "stride": S, "dilation": D, "padding": P}
    layers = [*before, {"conv_transpose": fields}]
    (field,) = analysed(layers).rows[-1].fields
    support = next(seen({"input": [1, LENGTH], "layers": layers}))
    if support is not None and field.start >= 0:
        assert support[0] == field.start
    elif support is not None:
        assert support[0] < field.start + field.size


@pytest.mark.parametrize(
    ("F", "S", "D", "P", "start"),
    [
        (2, 2, 3, 0, 0),  # only tap 0 is at an even distance from output 0
        (2, 2, 3, 3, 0),  # tap 1 puts input 0 at 3, the first output that is left
        (2, 3, 2, 1, 0),  # neither 0 nor 2 is 1 more than a multiple of 3: nothing is read
        (7, 3, 2, 0, -4),  # tap 6 of input -4: 12 - 12
        (7, 3, 2, 2, -2),  # tap 4 of input -2: 8 - 6 = 2; taps 5 and 6 miss it
        (7, 3, 2, 14, 2),  # tap 4 of input 2: 8 + 6 = 14
        (3, 4, 6, 0, -3),  # tap 2 of input -3: 12 - 12
        (3, 1, 4, 2, -6),  # without a stride every tap counts: 8 - 2
    ],
)
def test_the_start_of_a_dilated_transposed_layer_by_hand(F, S, D, P, start):
    fields = {"filters": 1, "kernel": F, "stride": S, "dilation": D, "padding": P}
    report = cnncalc.summarize({"input": [1, LENGTH], "layers": [{"conv_transpose": fields}]})
    (field,) = report.rows[-1].fields
    assert field.start == start


@pytest.mark.parametrize(
    "layers",
    [
        ["global_avg_pool", {"upsample": 7}, {"conv": {"filters": 1, "kernel": 3, "padding": 1}}],
        [
            {"adaptive_avg_pool": 1},
            {"upsample": 7},
            {"conv": {"filters": 1, "kernel": 3, "padding": 1}},
        ],
        [{"conv": {"filters": 1, "kernel": 3}}, "global_avg_pool"],
        [{"conv": {"filters": 1, "kernel": 3}}, {"linear": 2}],
    ],
)
def test_a_field_does_not_outgrow_the_image(layers):
    report = cnncalc.summarize({"input": [1, LENGTH], "layers": layers})
    assert report.rows[-1].receptive_field == (LENGTH,)


# Outputs closer together than inputs, and windows that differ in size.


def transposed(dilation):
    return st.fixed_dictionaries(
        {
            "out_channels": st.just(1),
            "kernel_size": st.integers(1, 6),
            "stride": st.integers(1, 4),
            "padding": st.integers(0, 2),
            "dilation": dilation,
        }
    ).map(lambda fields: {"conv_transpose": fields})


resized = st.fixed_dictionaries(
    {"mode": st.sampled_from(["nearest", "linear"])}
    | {"size": st.integers(1, 30)}
) | st.fixed_dictionaries(
    {"mode": st.sampled_from(["nearest", "linear"]), "scale_factor": st.integers(1, 4)}
)  # fmt: skip
uneven = (
    transposed(st.just(1))
    | resized.map(lambda fields: {"upsample": fields})
    | st.integers(1, 20).map(lambda size: {"adaptive_avg_pool": size})
)
network = st.lists(layer | uneven, min_size=1, max_size=5)


def reads(kind, fields, N, N_out, i):
    """The inputs that output i reads by the definition of the layer, on a map without borders."""
    if kind == "adaptive_avg_pool" and N_out == 1:
        return range(N)  # there is no other output, even where a layer after it repeats this one
    if kind == "adaptive_avg_pool":
        return range(floor(Fraction(i * N, N_out)), ceil(Fraction((i + 1) * N, N_out)))
    if kind == "upsample":
        if fields["mode"] == "nearest":
            return (floor(Fraction(i * N, N_out)),)
        centre = Fraction(2 * i + 1, 2) * Fraction(N, N_out) - Fraction(1, 2)
        return (floor(centre), ceil(centre))
    F, S, P = fields["kernel_size"], fields.get("stride", 1), fields.get("padding", 0)
    taps = [tap * fields.get("dilation", 1) for tap in range(F)]
    if kind == "conv_transpose":
        return [(i + P - tap) // S for tap in taps if (i + P - tap) % S == 0]
    return [S * i - P + tap for tap in taps]


class Sets:
    """The first and last pixel that each output of a chain of layers sees, by following all
    taps."""

    def __init__(self, report, layers):
        self.steps = [
            (*next(iter(spec.items())), row.inputs[0].spatial[0], row.output.spatial[0])
            for spec, row in zip(layers, report, strict=True)
        ]
        self.known = {}

    def seen(self, depth, i):
        if depth == 0:
            return (i, i)
        if (depth, i) not in self.known:
            below = [self.seen(depth - 1, n) for n in reads(*self.steps[depth - 1], i)]
            ends = [pair for pair in below if pair]
            self.known[depth, i] = ends and (min(a for a, _ in ends), max(b for _, b in ends))
        return self.known[depth, i]

    def outputs(self, count):
        return [self.seen(len(self.steps), i) for i in range(count)]


def analysed(layers):
    try:
        return cnncalc.summarize({"input": [1, LENGTH], "layers": layers})
    except CnncalcError:
        assume(False)


def compared_with_the_definition(report, layers):
    (field,) = report.rows[-1].fields
    outputs = Sets(report, layers).outputs(200)
    widest = 0
    for index, support in enumerate(outputs):
        if support:
            first, last = field.pixels(index)
            assert first <= support[0] <= support[1] <= last, index
            widest = max(widest, support[1] - support[0] + 1)
    assert widest <= field.size
    if not field.bound:
        assert widest == field.size
        assert not outputs[0] or outputs[0][0] == field.start
        if not (field.pieces and field.pieces.bound):
            assert outputs == [field.pixels(index) for index in range(len(outputs))]
    return field


@examples(3)
@given(network)
def test_the_size_is_the_largest_field_or_a_marked_bound(layers):
    report = analysed(layers)
    field = compared_with_the_definition(report, layers)
    assert field.start == field.pixels(0)[0]
    assert field.smallest == field.size


@examples(2)
@given(st.lists(layer | uneven | transposed(st.integers(1, 3)), min_size=1, max_size=4))
def test_dilated_transposed_layers_stay_within_their_field(layers):
    compared_with_the_definition(analysed(layers), layers)


@examples(2)
@given(network)
def test_gradients_stay_in_the_field_where_windows_are_uneven(layers):
    report = analysed(layers)
    assume(report.rows[-1].output.elements <= 60)
    (field,) = report.rows[-1].fields
    for index, support in enumerate(seen({"input": [1, LENGTH], "layers": layers})):
        first, last = field.pixels(index)
        if support is not None:
            assert first <= support[0] <= support[1] <= last, index


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        # 13 inputs for 4 outputs: [0, 4), [3, 7), [6, 10), [9, 13), and on a longer map [13, 17).
        # Two neighbours see 7 pixels; the last and the next one see 8.
        ([{"adaptive_avg_pool": 4}], 4),
        ([{"adaptive_avg_pool": 4}, {"conv": {"filters": 1, "kernel": 2}}], 8),
        # Two neighbours of an upsampled map may come from two inputs, 4 pixels wide and 4 apart.
        (
            [
                {"max_pool": 4},
                {"upsample": 2},
                {"conv": {"filters": 1, "kernel": 2}},
            ],
            8,
        ),
        # Every window lies within one input.
        ([{"upsample": 2}, {"max_pool": 2}], 1),
        ([{"upsample": {"scale": 2, "mode": "linear"}}], 2),
        # From 3 to 1, the output is the middle input.
        ([{"max_pool": 4}, {"upsample": {"size": 1, "mode": "linear"}}], 4),
    ],
)
def test_uneven_fields_by_hand(layers, size):
    report = cnncalc.summarize({"input": [1, 13], "layers": layers})
    assert report.rows[-1].receptive_field == (size,)
    assert not report.rows[-1].fields[0].bound


LAID = {"concat": "length", "from": ["one", "other"]}


@pytest.mark.parametrize(
    ("layers", "start", "bound"),
    [
        (
            [{"slice": {"along": "length", "start": 4}}, {"conv": {"filters": 1, "kernel": 3}}],
            4,
            False,
        ),
        (
            [
                {"conv": {"filters": 1, "kernel": 3}},
                {"slice": {"along": "length", "start": 2, "stop": 9}},
            ],
            2,
            False,
        ),
        (
            [
                {"conv": {"filters": 1, "kernel": 3, "stride": 2, "padding": 1}},
                {"slice": {"along": "length", "start": 3}},
                {"avg_pool": 2},
            ],
            5,  # 3·2 − 1
            False,
        ),
        (
            [
                {"conv": {"filters": 1, "kernel": 3, "stride": 2}, "name": "one"},
                {"conv": {"filters": 1, "kernel": 5}, "name": "other", "from": "input"},
                LAID,
                {"conv": {"filters": 1, "kernel": 3}},
            ],
            0,
            True,
        ),
        (
            [
                {"slice": {"along": "length", "start": 6}, "name": "one"},
                {"slice": {"along": "length", "stop": 6}, "name": "other", "from": "input"},
                LAID,
            ],
            0,
            True,
        ),
    ],
)
def test_fields_of_cut_and_joined_positions(layers, start, bound):
    spec = {"input": [1, LENGTH], "layers": layers}
    (field,) = cnncalc.summarize(spec).rows[-1].fields
    assert (field.start, field.bound) == (start, bound)
    for unit, found in enumerate(seen(spec)):
        first, last = field.pixels(unit)
        assert first <= found[0] <= found[1] <= last
        if not bound:
            assert found == (max(first, 0), last)


def test_an_upper_bound_is_marked():
    """13 inputs pool to 4 and on to 3: two neighbouring windows of the four span 7 pixels."""
    layers = [{"adaptive_avg_pool": 4}, {"adaptive_avg_pool": 3}]
    report = cnncalc.summarize({"input": [1, 13], "layers": layers})
    (field,) = report.rows[-1].fields
    assert field.bound
    assert field.size >= 7
    assert report.to_dict()["layers"][-1]["receptive_field"][0]["bound"] is True


# Padding that wraps around.


def wrapped(*pads):
    return {"pad": {"padding": [pads], "mode": "circular"}}


def conv(kernel, **fields):
    return {"conv": {"filters": 1, "kernel": kernel, **fields}}


def test_a_window_that_wraps_around_the_image_sees_as_many_pixels_as_any_other():
    spec = {"input": [1, 8], "layers": [wrapped(1, 1), conv(3)]}
    (field,) = cnncalc.summarize(spec).rows[-1].fields
    assert (field.size, field.start, field.bound) == (3, -1, False)
    assert [*map(set, read(spec))][:2] == [{7, 0, 1}, {0, 1, 2}]  # pixel -1 is pixel 7


@pytest.mark.parametrize(
    ("layers", "size", "bound"),
    [
        ([wrapped(2, 2), conv(3, dilation=2)], 5, False),
        ([wrapped(1, 0), conv(2), wrapped(1, 0), conv(2)], 3, False),
        # 4 outputs, 2 pixels apart, lead once around 8 pixels.
        ([{"avg_pool": 2}, wrapped(1, 1), conv(3)], 6, False),
        # So do 16 outputs, half a pixel apart; three of them see two pixels.
        ([{"upsample": 2}, wrapped(1, 1), conv(3)], 2, False),
        ([{"branches": [[], [wrapped(1, 1), conv(3)]], "join": "add"}, wrapped(0, 1)], 3, False),
        # Nothing wraps around.
        ([conv(3), wrapped(0, 0), conv(3)], 5, False),
        # 6 outputs of 3 pixels: the first after padding sees pixels 5 to 7, 0 to 2 and 1 to 3, but
        # not 4.
        ([conv(3), wrapped(1, 1), conv(3)], 8, True),
        # 3 outputs, one for pixels 1 and 2, one for 3 and 4, and one for 5 and 6.
        ([{"crop": 1}, {"avg_pool": 2}, wrapped(1, 1), conv(2)], 6, True),
        # 8 outputs, but from pixel 4 to pixel 3, as both ends are mirrored.
        (
            [{"crop": 2}, {"pad": {"padding": 2, "mode": "reflect"}}, wrapped(1, 0), conv(2)],
            8,
            True,
        ),
        # Outputs of 3 pixels: branches that move differently put together pixels 0 to 2 or 5 to 7.
        (
            [
                {"branches": [[{"crop": 2}], [{"max_pool": 2}]], "join": "add"},
                wrapped(1, 1),
                conv(2),
            ],
            9,  # 3 + 3·2
            True,
        ),
    ],
)
def test_fields_after_circular_padding_by_hand(layers, size, bound):
    spec = {"input": [1, 8], "layers": layers}
    (field,) = cnncalc.summarize(spec).rows[-1].fields
    assert (field.size, field.bound) == (size, bound)


def test_circular_padding_wraps_around_within_each_frame():
    def frames(*layers):
        layers = [{"time_distributed": layer} for layer in layers]
        return cnncalc.summarize({"input": "1x4x8", "layers": layers}).rows[-1].receptive_field

    assert frames(wrapped(1, 1), conv(3)) == (1, 3)
    assert frames(conv(3), wrapped(1, 1), conv(3)) == (1, 8)


circular = st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda pads: wrapped(*pads))
around = circular | st.sampled_from(
    [
        conv(2),
        conv(3, padding=1),
        conv(3, stride=2, padding=1),
        conv(2, dilation=2),
        {"avg_pool": 2},
        {"upsample": 2},
        {"crop": 1},
        {"pad": {"padding": 2, "mode": "replicate"}},
        {"branches": [[wrapped(1, 1), conv(3)], [conv(3, padding=1)]], "join": "add"},
    ]
)


@examples(4)
@given(st.lists(around, min_size=1, max_size=6), st.sampled_from([6, 8, 9, 12]))
def test_no_unit_reads_pixels_outside_a_field_that_runs_around_the_image(layers, length):
    spec = {"input": [1, length], "layers": layers}
    try:
        (field,) = cnncalc.summarize(spec).rows[-1].fields
    except CnncalcError:
        assume(False)
    for unit, pixels in enumerate(read(spec)):
        if field.image and field.size < length:
            first, last = field.pixels(unit)
            assert {*pixels} <= {pixel % length for pixel in range(first, last + 1)}
        assert len(pixels) <= field.size


# Joined branches.

up = st.sampled_from(
    [
        [{"avg_pool": 2}, {"upsample": 2}],
        [{"avg_pool": 2}, {"conv_transpose": {"filters": 1, "kernel": 2, "stride": 2}}],
        [
            {"avg_pool": 2},
            {"conv": {"filters": 1, "kernel": 3, "padding": 1}},
            {"upsample": {"scale": 2, "mode": "linear"}},
        ],
        [{"avg_pool": 4}, {"upsample": 4}],
    ]
)
skip = st.lists(kept, max_size=2)
crossed = st.tuples(up, up | skip, st.lists(kept | up, max_size=2)).map(
    lambda it: [{"branches": {"a": it[0], "b": it[1]}, "join": "add"}, *_flat(it[2])]
)


def _flat(layers):
    return [one for layer in layers for one in (layer if isinstance(layer, list) else [layer])]


@examples(2)
@given(st.lists(crossed, min_size=1, max_size=2).map(_flat))
def test_joined_branches_see_exactly_their_field_unless_it_is_a_bound(layers):
    spec = {"input": [1, LENGTH], "layers": layers}
    report = cnncalc.summarize(spec)
    (field,) = report.rows[-1].fields
    widest = 0
    for index, support in enumerate(seen(spec)):
        first, last = field.pixels(index)
        assert first <= support[0] <= support[1] <= last, index
        if first >= 0 and last < LENGTH:
            widest = max(widest, support[1] - support[0] + 1)
    assert field.smallest <= field.size
    if widest and not field.bound:
        assert widest == field.size


def test_a_wider_branch_is_the_field_of_both():
    """An upsampled coarse map sees four pixels; the input beside it sees one."""
    ways = {"a": [{"avg_pool": 4}, {"upsample": 4}], "b": []}
    report = cnncalc.summarize(
        {"input": [1, LENGTH], "layers": [{"branches": ways, "join": "add"}]}
    )
    (field,) = report.rows[-1].fields
    assert (field.size, field.smallest, field.bound) == (4, 1, False)
    assert [field.pixels(index) for index in (0, 3, 4)] == [(0, 3), (0, 3), (4, 7)]


# Where dimensions are reordered or reshaped.

REORDERED = st.permutations(range(3)).map(lambda order: {"permute": [*order]})
PLAIN = st.sampled_from(
    [
        {"conv": {"filters": 2, "kernel": [3, 1], "padding": [1, 0]}},
        {"conv": {"filters": 3, "kernel": [2, 3], "stride": [2, 1]}},
        {"conv": {"filters": 1, "kernel": [1, 2]}},
        {"avg_pool": {"kernel": [2, 1], "stride": 1}},
        {"pad": [[1, 0], [0, 2]]},
        {"crop": {"left": 1}},
        "identity",
        "sigmoid",
        {"depthwise_conv": {"kernel": [1, 2]}},
        "global_avg_pool",
    ]
)
MOVED = st.sampled_from([{"reshape": [2, 3, -1]}, {"reshape": [6, -1]}, {"flatten": "positions"}])


def pixels(network, image, unit):
    """The rows and columns of the image that a unit reads."""
    (gradient,) = torch.autograd.grad(unit, image, retain_graph=True)
    return [
        sorted({int(place) for place in gradient[0].nonzero()[:, axis]}) for axis in (1, 2)
    ]  # fmt: skip


@examples(2)
@given(st.lists(REORDERED | PLAIN, min_size=1, max_size=5), st.booleans(), MOVED)
def test_receptive_fields_follow_reordered_dimensions(layers, moves, moved):
    """No unit reads beyond its field, and a field that is no bound is one that a unit reads."""
    spec = {"input": [2, 9, 7], "layers": [*layers, *([moved, "sigmoid"] if moves else [])]}
    try:
        report = cnncalc.summarize(spec | {"layout": "chw"})
    except CnncalcError:
        assume(False)
    fields = report.rows[-1].fields
    assume(fields is not None)
    network = cnncalc.to_torch(spec | {"layout": "chw"}).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(0.5, 1.5)
    image = torch.rand(1, 2, 9, 7, dtype=torch.double, requires_grad=True)
    output = network(image)
    read = [pixels(network, image, unit) for unit in output.flatten()]
    for axis, (field, length) in enumerate(zip(fields, (9, 7), strict=True)):
        widths = [one[axis][-1] - one[axis][0] + 1 for one in read if one[axis]]
        assume(widths)
        assert max(widths) <= field.size
        fits = field.start >= 0 and field.size <= length
        if fits and not field.bound and not moves:
            assert max(widths) == field.size


SWAPPED, TURNED = {"permute": [0, 2, 1]}, {"permute": [1, 2, 0]}

DROPPED = {
    over: {"reduce": {"by": "norm", "over": over, "keepdim": False}}
    for over in ("channels", "height", "positions")
}


@pytest.mark.parametrize(
    ("input", "layers", "size", "bound"),
    [
        ("64x56x48", [{"permute": [0, 2, 1]}, {"conv": [1, 7]}], (7, 7), False),
        ("8x40x30", [{"permute": [0, 2, 1]}, {"conv": [1, [3, 5]]}], (5, 3), False),
        ("8x40x30", [{"conv": [4, [3, 1]]}, SWAPPED, {"conv": [1, [3, 1]]}], (3, 3), False),
        ("8x40x30", [{"permute": [2, 0, 1]}, {"conv": [4, [1, 3]]}], (3, 30), True),
        ("8x40x30", [{"permute": [1, 2, 0]}, {"conv": [4, [5, 1]]}], (40, 5), True),
        ("8x40x30", [TURNED, {"permute": [2, 0, 1]}, {"conv": [1, 3]}], (3, 3), False),
        ("8x40x30", [{"permute": [2, 1, 0]}, "relu"], (1, 30), True),
        ("8x40x30", [{"permute": [2, 1, 0]}, "dropout", {"permute": [2, 1, 0]}], (1, 1), False),
        ("8x6x4", [{"conv": [1, 3]}, {"reshape": [4, -1]}, {"conv": [1, 1]}], (6, 4), True),
        ("8x6x4", [{"flatten": "positions"}, {"conv": [1, 3]}], (6, 4), True),
        ("8x6x4", ["flatten", {"reshape": [8, 6, 4]}, {"conv": [1, 3]}], (6, 4), True),
        ("8x6x4", ["flatten", "relu", {"reshape": [8, 24]}, {"conv": [1, 3]}], (6, 4), True),
        ("8x6x4", [{"linear": 96}, {"reshape": [4, 6, 4]}, {"conv": [1, 3]}], (6, 4), False),
        ("8x6x4", ["gap", "flatten", {"reshape": [2, 2, 2]}, {"conv": [1, 1]}], (6, 4), False),
        ("8x6x4", [{"conv": [4, 3]}, {"linear": 3}], (6, 4), False),
        ("8x6x4", [{"unfold": 3}, {"conv": [4, 1]}], (6, 4), True),
        ("8x6x4", [DROPPED["channels"], {"linear": 2}], (6, 4), True),
        ("8x6x4", [DROPPED["height"], {"linear": 2}], (6, 4), True),
        ("8x6x4", [DROPPED["positions"], {"linear": 2}], (6, 4), False),
    ],
)  # fmt: skip
def test_fields_after_reordered_and_reshaped_maps(input, layers, size, bound):
    """By hand: a window along an axis of the network's input, wherever that axis has gone."""
    layers = [
        {"conv": {"filters": one["conv"][0], "kernel": one["conv"][1]}}
        if isinstance(one, dict) and "conv" in one else one
        for one in layers
    ]  # fmt: skip
    found = cnncalc.summarize({"input": input, "layers": layers, "layout": "chw"}).rows[-1]
    assert found.receptive_field == size
    assert any(field.bound for field in found.fields) is bound


def test_maps_with_different_orders_of_axes_have_no_common_field():
    fork = {"branches": {"a": [SWAPPED], "b": []}, "join": "add"}
    report = cnncalc.summarize({"input": "2x6x6", "layers": [fork, {"conv": {"K": 1, "F": 3}}]})
    assert report.rows[-1].fields is None
    both = {"branches": {"a": [SWAPPED], "b": [SWAPPED]}, "join": "add"}
    report = cnncalc.summarize(
        {"input": "2x6x6", "layers": [both, {"conv": {"K": 1, "F": [3, 1]}}]}
    )
    assert report.rows[-1].receptive_field == (1, 3)


@pytest.mark.parametrize(
    "pool",
    [
        "global_avg_pool",
        {"adaptive_avg_pool": 1},
        {"avg_pool": 7},
        {"reduce": {"by": "mean", "over": "positions"}},
    ],
)
def test_a_gate_of_one_position_does_not_move_with_the_map(pool):
    """By hand: x sees 5 pixels, 2 apart; the 7 outputs together see 5 + 6·2 = 17 pixels."""
    padded = {"filters": 6, "kernel": 3, "padding": 1}
    gate = pool if isinstance(pool, str) else {**pool}
    spec = {
        "input": "6x14x14",
        "layers": [
            {"conv": dict(padded)},
            {"conv": {**padded, "stride": 2}, "name": "x"},
            {gate: {}, "name": "p"} if isinstance(gate, str) else {**gate, "name": "p"},
            {"conv": {"filters": 6, "kernel": 1}, "name": "gate"},
            {"multiply": {"from": ["x", "gate"]}, "name": "m"},
            {"conv": {**padded, "stride": 2}, "name": "y"},
        ],
    }
    report = cnncalc.summarize(spec)
    found = {name: report[name].fields[0] for name in ("p", "m", "y")}
    assert [found[name].size for name in found] == [17, 17, 17 + 2 * 2]
    assert [found[name].jump for name in ("m", "y")] == [2, 4]
    assert not found["y"].bound


def test_a_gate_of_one_position_between_pixels():
    """By hand: position 12 = 3·4 of the transposed convolution reads pixel 4 alone, which then
    gates every pixel i: the furthest apart are 0 and 4."""
    spread = {"conv_transpose": {"filters": 1, "kernel": 2, "stride": 3}, "name": "t"}
    one = {"crop": [[12, 13]], "name": "one"}
    spec = {"input": {"x": "1x9"}, "layers": [spread, one, {"multiply": {"from": ["one", "x"]}}]}
    (field,) = cnncalc.summarize(spec)["multiply1"].fields
    assert (field.size, field.jump) == (5, 1)


def test_every_frame_may_be_reordered():
    frames = {"time_distributed": {"permute": [2, 1, 0]}}
    report = cnncalc.summarize({"input": "2x7x7x4", "layers": [frames, {"linear": 1}]})
    assert report["time_distributed1"].output == (4, 7, 7, 2)
    # A unit of the linear layer reads everything; the last axis was the channels before.
    assert [field.size for field in report["linear1"].fields] == [7, 7, 4]
