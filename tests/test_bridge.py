"""From spec to PyTorch: every kind has a module, networks run and train, and names are the layers'.

test_verify.py compares the counts; this file compares values with their definitions.
"""

import copy
import weakref

import pytest
import torch
from plain_modules import PLAIN
from torch import nn
from torch.nn import functional

import cnncalc
from cnncalc import UsageError, bridge, layers
from cnncalc.bridge import modules
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map, Vector, read_shape


def report_of(kind, given, inputs):
    """A network of one layer that reads these inputs."""
    names = [f"x{number}" for number in range(len(inputs))]
    node = {kind: given, "from": names, "name": "layer"}
    shapes = dict(zip(names, inputs, strict=True))
    spec = {"input": shapes, "layout": "chw", "layers": [node]}
    # Two images: a single number has no variance.
    return cnncalc.summarize(spec, batch=2)


EXAMPLES = [
    pytest.param(kind.kind, example, id=f"{kind.kind}-{index}")
    for kind in layers.every()
    if kind.known
    for index, example in enumerate(kind.examples)
    if not getattr(kind.parse(example.given), "computed", False)  # it is not known how
]

SMALL = 10**6
"""Networks with fewer numbers and products than this run on the CPU, which checks more."""


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_the_module_of_every_worked_example_agrees(kind, example):
    report = report_of(kind, example.given, example.inputs)
    totals = report.totals
    small = totals.params + totals.fixed + totals.macs + totals.activation < SMALL
    found = bridge.verify(report, "cpu" if small else "meta")
    assert found.disagreements == ()
    assert report.layers[-1].output == read_shape(example.output)


DIFFERENTIATED = [
    *((one.values[0], one.values[1].given, one.values[1].inputs) for one in EXAMPLES),
    ("time_distributed", {"parameter": "2x3"}, ("4x5x3",)),
]


def test_layers_declare_the_inputs_that_get_no_gradient():
    for kind, given, inputs in DIFFERENTIATED:
        layer, shapes = layers.load(kind).parse(given), [*map(read_shape, inputs)]
        with torch.device("meta"):
            read = [torch.zeros(2, *x.dimensions, requires_grad=True) for x in shapes]
            y = layer.to_torch(modules, *shapes)(*read)
            found = [None] * len(read)
            if y.requires_grad:
                found = torch.autograd.grad(y.sum(), read, allow_unused=True)
        without = tuple(place for place, gradient in enumerate(found) if gradient is None)
        assert without == layer.without_gradient, (kind, given)


def test_a_kind_without_a_module_says_so():
    class Nothing(Layer):
        pass

    with pytest.raises(TypeError, match="does not implement to_torch"):
        Nothing().to_torch(modules, Vector(3))


# Networks.


def test_the_parameters_are_named_after_the_layers():
    with torch.device("meta"):
        names = cnncalc.to_torch("resnet50").state_dict()
    assert {"conv1.weight", "layer1.0.conv1.weight", "layer4.2.bn3.running_var", "fc.bias"} <= {
        *names
    }
    assert names["layer1.0.conv1.weight"].shape == (64, 64, 1, 1)


def test_under_the_meta_device_nothing_is_allocated():
    with torch.device("meta"):
        network = cnncalc.to_torch("vgg16")
    assert {parameter.device.type for parameter in network.parameters()} == {"meta"}


@pytest.mark.parametrize(("name", "shape"), [("lenet5", "1x32x32"), ("resnet18", "3x64x64")])
def test_a_network_trains(name, shape):
    torch.manual_seed(0)
    network = cnncalc.to_torch(name, input=shape)
    x, wanted = torch.randn(4, *read_shape(shape).dimensions), torch.tensor([0, 1, 2, 3])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        # This is a poor loss if a network ends in softmax, but it works.
        loss = functional.cross_entropy(network(x), wanted)
        loss.backward()
        assert all(parameter.grad is not None for parameter in network.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", ["lenet5_1998", "resnet18", "mobilenet_v3_small", "unet"])
def test_a_network_trains_on_the_meta_device(name):
    with torch.device("meta"):
        network = cnncalc.to_torch(name)
        shapes = cnncalc.summarize(name).input_shapes.values()
        network(*[torch.zeros(2, *shape.dimensions) for shape in shapes]).sum().backward()
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    assert trained
    assert {parameter.grad.device.type for parameter in trained} == {"meta"}


TWO_WAYS = {
    "input": {"image": "2x4x4", "mask": "3x4x4"},
    "layers": [
        {"concat": {"from": ["image", "mask"]}, "name": "both"},
        {"conv": {"filters": 2, "kernel": 1}, "name": "left", "from": "both"},
        {"linear": 7, "name": "right", "from": "both"},
    ],
}


def test_several_inputs_and_outputs():
    network = cnncalc.to_torch(TWO_WAYS)
    left, right = network(torch.zeros(2, 2, 4, 4), torch.zeros(2, 3, 4, 4))
    assert (left.shape, right.shape) == ((2, 2, 4, 4), (2, 7))
    with pytest.raises(TypeError, match="the network has 2 inputs, not 1"):
        network(torch.zeros(2, 2, 4, 4))
    with pytest.raises(TypeError, match="the network has 1 input, not 0"):
        cnncalc.to_torch("3x4x4-10N")()


def test_a_report_converts_to_a_network():
    report = cnncalc.summarize("1x8x8-4C3-10N")
    assert cnncalc.to_torch(report)(torch.zeros(1, 1, 8, 8)).shape == (1, 10)


def test_a_tensor_is_freed_after_its_last_use():
    network = cnncalc.to_torch("1x16x16-2C3-2C3-2C3-2C3").eval()
    made, alive = [], []
    for layer in network.children():
        layer.register_forward_pre_hook(
            lambda *_: alive.append(sum(ref() is not None for ref in made))
        )
        layer.register_forward_hook(lambda _, inputs, y: made.append(weakref.ref(y)))
    with torch.no_grad():
        network(torch.zeros(1, 1, 16, 16))
    assert alive == [0] + [1] * (len(made) - 1)


def test_a_tensor_that_two_layers_read_is_freed_after_the_second():
    conv = {"conv": {"filters": 2, "kernel": 1}}
    spec = {
        "input": "2x4x4",
        "layers": [
            {**conv, "name": "early"},
            {**conv, "name": "left"},
            {"add": None, "from": ["early", "left"], "name": "sum"},
            {**conv, "name": "last"},
        ],
    }
    network = cnncalc.to_torch(spec).eval()
    made, alive = {}, {}
    for name, layer in network.named_children():
        layer.register_forward_pre_hook(
            lambda *_, name=name: alive.update(
                {name: {one for one in made if made[one]() is not None}}
            )
        )
        layer.register_forward_hook(lambda *io, name=name: made.update({name: weakref.ref(io[2])}))
    with torch.no_grad():
        network(torch.zeros(1, 2, 4, 4))
    assert alive == {
        "early": set(),
        "left": {"early"},
        "sum": {"early", "left"},
        "last": {"sum"},
    }


def test_a_network_can_be_copied_and_keeps_its_values():
    network = cnncalc.to_torch("2x8x8-4C3-MP2-10N").eval()
    x = torch.randn(1, 2, 8, 8)
    assert torch.equal(copy.deepcopy(network)(x), network(x))


def test_a_name_reserved_by_pytorch_is_refused():
    spec = {"input": "4", "layers": [{"relu": None, "name": "half"}]}
    with pytest.raises(UsageError, match="layer 'half' cannot become a module of PyTorch"):
        cnncalc.to_torch(spec)


# Values, compared with their definitions.


def module_of(kind, given, shape):
    """The module of a layer, in inference."""
    x = read_shape(shape)
    return layers.load(kind).parse(given).to_torch(modules, x).eval()


def test_same_with_a_stride_puts_the_odd_zero_after():
    # 4 inputs, 3 taps, stride 2: one zero in total, after. Windows 0-2 and 2-4.
    conv = module_of("conv", {"filters": 1, "kernel": 3, "stride": 2, "padding": "same"}, "1x4")
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([[[1.0, 10.0, 100.0]]]))
        conv.bias.zero_()
        y = conv(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]]))
    assert y.tolist() == [[[321.0, 43.0]]]


def test_a_max_pool_never_sees_its_padding():
    pool = module_of("max_pool", {"kernel": 3, "stride": 2, "padding": "same"}, "1x4")
    assert pool(torch.tensor([[[-1.0, -2.0, -3.0, -4.0]]])).tolist() == [[[-1.0, -3.0]]]


@pytest.mark.parametrize(("counted", "last"), [(True, 2.0), (False, 3.0)])
def test_an_average_may_count_its_padding(counted, last):
    given = {"kernel": 3, "stride": 2, "padding": "same", "count_include_pad": counted}
    pool = module_of("avg_pool", given, "1x4")
    assert pool(torch.tensor([[[3.0, 3.0, 3.0, 3.0]]])).tolist() == [[[3.0, last]]]


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_partial_connections_equal_a_convolution_with_zeroed_weights(padding):
    table = [[0, 1], [2], [0, 1, 2]]
    given = {"filters": 3, "kernel": 2, "padding": padding, "connections": table}
    partial = module_of("conv", given, "3x5x5")
    full = torch.nn.Conv2d(3, 3, 2)
    planes = partial.weight.split([2, 1, 3])
    with torch.no_grad():
        full.weight.zero_()
        for row, channels in enumerate(table):
            full.weight[row, channels] = planes[row]
        full.bias.copy_(partial.bias)
        x = torch.randn(2, 3, 5, 5)
        wanted = full(functional.pad(x, (0, 1, 0, 1)) if padding == "same" else x)
        assert torch.allclose(partial(x), wanted, atol=1e-6)


@pytest.mark.parametrize("shape", ["2x9", "2x9x8", "2x9x8x7"])
def test_a_locally_connected_layer_with_equal_weights_equals_a_convolution(shape):
    x = read_shape(shape)
    given = {"filters": 3, "kernel": 3, "stride": 2, "padding": 1, "dilation": 2}
    local, conv = module_of("locally_connected", given, shape), module_of("conv", given, shape)
    values = torch.randn(2, *x.dimensions)
    with torch.no_grad():
        local.weight.copy_(conv.weight.flatten(1).T.expand_as(local.weight))
        spread = conv.bias.reshape(-1, *[1] * len(x.spatial))
        local.bias.copy_(spread.expand_as(local.bias))
        assert torch.allclose(local(values), conv(values), atol=1e-5)


def test_a_locally_connected_layer_has_weights_for_each_position():
    local = module_of("locally_connected", {"filters": 1, "kernel": 1, "bias": False}, "1x2x2")
    with torch.no_grad():
        local.weight.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1))
        assert local(torch.ones(1, 1, 2, 2)).tolist() == [[[[1.0, 2.0], [3.0, 4.0]]]]


def test_subsampling_sums_scales_and_shifts():
    pool = module_of("subsampling", 2, "2x2x2")
    with torch.no_grad():
        pool.weight.copy_(torch.tensor([2.0, 3.0]))
        pool.bias.copy_(torch.tensor([10.0, 20.0]))
        x = torch.arange(8.0).reshape(1, 2, 2, 2)
        assert pool(x).flatten().tolist() == [2 * 6.0 + 10, 3 * 22.0 + 20]


def test_an_rbf_unit_is_a_squared_distance():
    units = module_of("rbf", 1, "3")
    with torch.no_grad():
        units.weight.copy_(torch.tensor([[1.0, -1.0, 1.0]]))
    assert units(torch.tensor([[0.0, 1.0, 3.0]])).tolist() == [[1.0 + 4.0 + 4.0]]
    assert not units.weight.requires_grad


def test_maxout_keeps_the_largest_piece():
    layer = module_of("maxout", {"units": 2, "pieces": 2}, "1")
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0], [-1.0], [2.0], [3.0]]))
        layer.bias.zero_()
        assert layer(torch.tensor([[-5.0]])).tolist() == [[5.0, -10.0]]


def test_local_response_norm_divides_by_the_mean_of_squares():
    norm = module_of("local_response_norm", {"size": 3, "alpha": 1.5, "beta": 1, "k": 2}, "3x1x1")
    y = norm(torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)).flatten()
    assert torch.allclose(y, torch.tensor([1 / 4.5, 2 / 9, 3 / 8.5]))  # 2 + 1.5/3·(5, 14, 13)


def test_layer_norm_over_channels_normalises_each_position():
    norm = module_of("layer_norm", "channels", "4x2x3")
    y = norm(torch.randn(2, 4, 2, 3))
    assert torch.allclose(y.mean(dim=1), torch.zeros(2, 2, 3), atol=1e-6)


def test_rearrangements_match_pytorch():
    x = torch.arange(24.0).reshape(1, 2, 3, 4)
    assert module_of("crop", {"size": [1, 2]}, "2x3x4")(x).tolist() == [
        [[[5.0, 6.0]], [[17.0, 18.0]]]
    ]
    assert module_of("slice", {"start": 1}, "2x3x4")(x).tolist() == x[:, 1:].tolist()
    assert module_of("permute", [2, 0, 1], "2x3x4")(x).shape == (1, 4, 2, 3)
    assert module_of("reshape", [4, -1], "2x3x4")(x).tolist() == x.reshape(1, 4, 6).tolist()
    padded = module_of("pad", [[1, 0], [0, 2]], "2x3x4")(x)
    assert (padded.shape, padded[0, 0, 0].sum()) == ((1, 2, 4, 6), 0)
    assert padded[0, 0, 1].tolist() == [0, 1, 2, 3, 0, 0]


def test_scale_starts_at_its_initial_value():
    assert module_of("scale", {"initial": 0.5}, "2x1x1")(torch.ones(1, 2, 1, 1)).sum() == 1


def test_stochastic_depth_drops_whole_images_in_training_only():
    torch.manual_seed(0)
    layer = module_of("stochastic_depth", 0.5, "2x3x3")
    x = torch.ones(64, 2, 3, 3)
    assert torch.equal(layer(x), x)
    y = layer.train()(x).flatten(1)
    assert {tuple(set(image)) for image in y.tolist()} == {(0.0,), (2.0,)}
    assert layers.load("stochastic_depth").parse(1).to_torch(modules, Map(2, (3, 3)))(x).sum() == 0


def against_the_definition(kind, given, shapes, held_by=None):
    """Outputs of the layer's module and of a plain one with the same numbers, on random input."""
    torch.manual_seed(1)
    layer, inputs = layers.load(kind).parse(given), [*map(read_shape, shapes)]
    ours, plain = layer.to_torch(modules, *inputs), PLAIN[kind](layer, inputs[0])
    if held_by:
        plain.load_state_dict(held_by(ours))
    numbers = [torch.randn(2, *x.dimensions) for x in inputs]
    return ours(*numbers), plain(*numbers)


@pytest.mark.parametrize(
    ("given", "shapes"),
    [
        ({"filters": 4, "kernel": 3}, ("2x6x7", "18x4x5")),
        ({"filters": 4, "kernel": [3, 2], "groups": 2}, ("4x6x7", "24x4x6", "12x4x6")),
        (
            {
                "filters": 4,
                "kernel": 2,
                "stride": [2, 1],
                "dilation": 2,
                "padding": [[0, 1], [2, 1]],
            },
            ("2x6x7", "8x3x8"),
        ),
        ({"filters": 4, "kernel": 3, "padding": "same", "bias": False}, ("2x1x7", "18x1x7")),
    ],
)
def test_deformed_taps_read_between_pixels(given, shapes):
    def of_conv(module):
        return {f"conv.{name}": held for name, held in module.state_dict().items()}

    torch.testing.assert_close(*against_the_definition("deform_conv", given, shapes, of_conv))


@pytest.mark.parametrize("peepholes", [True, False])
@pytest.mark.parametrize("shape", ["2x4x5x6", "2x4x6"])
def test_a_convolutional_lstm_follows_its_equations(shape, peepholes):
    def apart(module):
        held = module.state_dict()
        of_frame, of_state = held["gates.weight"].split([2, 3], dim=1)
        cells = [held[f"weight_c{gate}"] for gate in "ifo" if peepholes]
        frame = [int(size) for size in shape.split("x")[2:]]
        return {
            "of_frame.weight": of_frame,
            "of_frame.bias": held["gates.bias"],
            "of_state.weight": of_state,
            "of_cell": torch.stack(cells) if cells else torch.zeros(0, 3, *frame),
        }

    given = {"hidden": 3, "kernel": 3, "peepholes": peepholes}
    torch.testing.assert_close(*against_the_definition("conv_lstm", given, (shape,), apart))


@pytest.mark.parametrize(("kernel", "shape"), [(3, "2x9"), (4, "2x8x9"), (2, "2x4x5x6")])
def test_blur_pooling_filters_every_channel(kernel, shape):
    torch.testing.assert_close(*against_the_definition("blur_pool", kernel, (shape,)))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1, "same"])
def test_a_pool_with_dilation_is_a_convolution_with_dilation(padding, stride):
    window = {"kernel": 3, "stride": stride, "dilation": 2, "padding": padding}
    conv = module_of("depthwise_conv", {**window, "bias": False}, "2x7x8")
    nn.init.ones_(conv.weight)
    x, ones = torch.rand(1, 2, 7, 8), torch.ones(1, 2, 7, 8)
    with torch.no_grad():
        sums, numbers, squares = conv(x), conv(ones), conv(x**2)
    for kind, more, expected in (
        ("avg_pool", {}, sums / 9),
        ("avg_pool", {"count_include_pad": False}, sums / numbers),
        ("lp_pool", {}, squares.sqrt()),
    ):
        torch.testing.assert_close(module_of(kind, window | more, "2x7x8")(x), expected)


def test_unpooling_puts_values_back():
    unpool = layers.load("max_unpool").parse(2).to_torch(modules, Map(1, (2,)), Map(1, (5,)))
    pooled = torch.tensor([[[1.0, 3, 4, 2, 9]]])
    assert unpool(torch.tensor([[[7.0, 8]]]), pooled).tolist() == [[[0, 7, 8, 0, 0]]]


def test_weight_norm_is_that_of_pytorch():
    module = module_of("weight_norm_conv", {"filters": 4, "kernel": 3, "groups": 2}, "2x5x5")
    plain = nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 4, 3, groups=2))
    with torch.no_grad():
        module.scale.copy_(torch.tensor([1.0, 2.0, -3.0, 0.5]).reshape(4, 1, 1, 1))
        plain.parametrizations.weight.original0.copy_(module.scale)
        plain.parametrizations.weight.original1.copy_(module.weight)
        plain.bias.copy_(module.bias)
    x = torch.randn(2, 2, 5, 5)
    torch.testing.assert_close(module(x), plain(x))


def test_standardized_filters_have_mean_0_and_variance_1():
    filters = module_of("standardized_conv", {"filters": 4, "kernel": 3}, "2x5x5").filters()
    torch.testing.assert_close(filters.mean(dim=(1, 2, 3)), torch.zeros(4))
    torch.testing.assert_close(filters.var(dim=(1, 2, 3), correction=0), torch.ones(4))
