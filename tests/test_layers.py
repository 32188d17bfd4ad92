"""Every layer kind keeps its promises, and is found by whatever people call it."""

import pytest
from contract import PROMISES

from cnncalc import layers
from cnncalc.core.errors import LayerError

KINDS = tuple(layers.every())


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_kind(kind, promise):
    promise(kind)


def test_each_spelling_means_one_kind():
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
def test_a_word_means_a_kind_and_the_axes_in_it(word, kind, axes):
    assert layers.find(word) == (layers.load(kind), axes)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("convv", "; did you mean 'conv'?"),
        ("max_pol", "; did you mean 'max_pool'?"),
        ("batchnrom", "; did you mean 'batch_norm'?"),
        ("sofmax", "; did you mean 'softmax'?"),
        ("conv4d", "; did you mean 'conv'?"),
        ("zzzzzz", "; cnncalc kinds lists those that there are"),
        ("", "; cnncalc kinds lists those that there are"),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest_name(word, hint):
    with pytest.raises(LayerError) as refused:
        layers.find(word)
    assert str(refused.value) == f"no layer kind {word!r}{hint}"


def test_an_endless_word_is_refused_in_one_short_line():
    with pytest.raises(LayerError) as refused:
        layers.find("conv" * 10_000)
    assert len(str(refused.value)) < 200


def test_names_are_the_files_and_nothing_hidden():
    assert layers.names() == tuple(sorted(kind.kind for kind in KINDS))
    assert not any(name.startswith("_") for name in layers.names())
