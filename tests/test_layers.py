"""Every layer kind passes the contract and is found by its usual names."""

import pytest
from contract import PROMISES

import cnncalc
from cnncalc import layers
from cnncalc.core.call import Call
from cnncalc.core.errors import CnncalcError, LayerError
from cnncalc.core.shape import shape_of
from cnncalc.layers import _divisors

KINDS = tuple(layers.every())


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_the_contract_holds_for_every_kind(kind, promise):
    promise(kind)


def test_each_spelling_names_one_kind():
    plain = [word.replace("_", "").lower() for kind in KINDS for word in (kind.kind, *kind.aliases)]
    assert len(plain) == len(set(plain))


@pytest.mark.parametrize(
    ("word", "kind", "axes"),
    [
        ("conv", "conv", None),
        ("Conv", "conv", None),
        ("Conv1d", "conv", 1),
        ("Conv2d", "conv", 2),
        ("conv_3d", "conv", 3),
        ("convolution2d", "conv", 2),
        ("MaxPool2d", "max_pool", 2),
        ("Max Pooling 1D", "max_pool", 1),
        ("BatchNorm2d", "batch_norm", 2),
        ("bn", "batch_norm", None),
        ("FC", "linear", None),
        ("InnerProduct", "linear", None),
        ("ReLU6", "relu6", None),
        ("LRN", "local_response_norm", None),
        ("LocalResponseNorm", "local_response_norm", None),
        ("LogSoftmax", "log_softmax", None),
        ("swish", "silu", None),
        # Not dropout over 2 axes: torch.nn.Dropout2d drops whole channels.
        ("dropout", "dropout", None),
        ("Dropout1d", "channel_dropout", None),
        ("Dropout2d", "channel_dropout", None),
        ("dropout_3d", "channel_dropout", None),
    ],
)
def test_a_word_names_a_kind_and_perhaps_a_rank(word, kind, axes):
    assert layers.find(word)[:2] == (layers.load(kind), axes)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("convv", "; did you mean 'conv'?"),
        ("max_pol", "; did you mean 'max_pool'?"),
        ("batchnrom", "; did you mean 'batch_norm'?"),
        ("sofmax", "; did you mean 'softmax'?"),
        ("conv4d", "; did you mean 'conv'?"),
        ("zzzzzz", "; run 'cnncalc kinds' for a list"),
        ("", "; run 'cnncalc kinds' for a list"),
    ],
)
def test_an_unknown_word_is_refused_with_a_suggestion(word, hint):
    with pytest.raises(LayerError) as refused:
        layers.find(word)
    assert str(refused.value) == f"no layer kind {word!r}{hint}"


def test_a_very_long_word_gets_a_short_error():
    with pytest.raises(LayerError) as refused:
        layers.find("conv" * 10_000)
    assert len(str(refused.value)) < 200


def test_names_are_the_public_files():
    assert layers.names() == tuple(sorted(kind.kind for kind in KINDS))
    assert not any(name.startswith("_") for name in layers.names())


def test_layers_are_equal_if_their_kinds_and_fields_are():
    three = {"filters": 4, "kernel": 3}
    conv = layers.load("conv").parse(three)
    assert conv == layers.load("conv").parse({"F": 3, "out_channels": 4})
    assert len({conv, layers.load("conv").parse(three)}) == 1
    assert conv != layers.load("conv").parse({**three, "bias": False})
    assert layers.load("relu").parse(None) != layers.load("tanh").parse(None)


def test_a_layer_shows_what_differs_from_the_defaults():
    conv = layers.load("conv").parse({"filters": 4, "kernel": 3, "stride": 1, "bias": False})
    assert repr(conv) == "Conv(out_channels 4, kernel_size 3, bias false)"


def test_a_layer_cannot_be_changed():
    layer = layers.load("conv")(out_channels=8, kernel_size=3)
    with pytest.raises(AttributeError):
        layer.out_channels = 16
    with pytest.raises(AttributeError):
        del layer.out_channels


@pytest.mark.parametrize("fields", [{}, {"kernel_size": 3}, {"out_channels": 8, "width": 3}])
def test_a_layer_needs_exactly_its_fields(fields):
    with pytest.raises(TypeError, match="conv has the fields"):
        layers.load("conv")(**fields)


def test_the_tensors_of_a_partly_connected_layer_by_hand():
    """LeNet-5's third layer, LeCun et al. 1998: 60 of the 96 pairs of maps are connected."""
    layer = cnncalc.summarize("lenet5_1998")["c3"]
    found = layer.layer.tensors(*layer.inputs)
    assert found == {"weight": (60, 5, 5), "bias": (16,)}


def test_time_distributed_reads_channels_last():
    # Ten frames of 3×8×8, of which a filter of 3×3 leaves 6×6.
    spec = {
        "layout": "hwc",
        "input": "10x8x8x3",
        "layers": [{"time_distributed": {"conv": {"filters": 4, "kernel": 3}}}],
    }
    assert str(cnncalc.summarize(spec).output_shape) == "4×10×6×6"
    spec["layers"] = [{"time_distributed": {"permute": [1, 0, 2]}}]
    with pytest.raises(CnncalcError, match="permute if channels are last"):
        cnncalc.summarize(spec)


def test_negative_padding_is_a_crop_not_a_pad():
    call = Call("pad", (shape_of((3, 8, 8)),), shape_of((3, 8, 7)), {}, {"pad": (0, -1)})
    with pytest.raises(LayerError, match="crops"):
        layers.load("pad").imported(call)


@pytest.mark.parametrize(
    ("channels", "says"),
    [
        (1, "groups can only be 1"),
        (7, "groups can be 1 or 7"),
        (36, "groups can be 1, 2, 3, 4, 6, 9, 12, 18 or 36"),
        (5_040, "groups can be 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, ... (60 in all)"),
        (10**9, "groups must divide 1000000000"),
    ],
)
def test_an_error_lists_the_numbers_that_divide_the_channels(channels, says):
    assert _divisors.that_fit("groups", channels) == says
