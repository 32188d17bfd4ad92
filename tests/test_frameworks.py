"""Names of kinds and fields as other frameworks spell them, with what they mean there.

The numbers are those that the frameworks print for the same layer, or follow from their documented
defaults.
"""

import pytest

import cnncalc
from cnncalc import layers
from cnncalc.core.errors import LayerError, Mistakes
from cnncalc.core.shape import Map


def one(kind, given, shape):
    return cnncalc.summarize({"input": shape, "layers": [{kind: given}]})


@pytest.mark.parametrize(
    ("kind", "given", "shape", "output", "params"),
    [
        # Keras: units·(channels + 1), at every position.
        ("Dense", 10, "64x98", (10, 98), 650),
        ("Dense", {"units": 5, "use_bias": False}, "8x4x4", (5, 4, 4), 40),
        ("keras.layers.Dense", 3, "7", (3,), 24),
        # One set of biases, for the outputs: 5·5·10 + 10·100 + 100, and 3·4 + 4·6 + 6.
        ("SeparableConv2D", {"filters": 100, "kernel_size": 5}, "10x99x99", (100, 95, 95), 1350),
        ("SeparableConv1D", {"filters": 6, "kernel_size": 3}, "4x9", (6, 7), 42),
        # The last axis of a map with the channels last.
        ("LayerNormalization", None, "64x8x8", (64, 8, 8), 128),
        ("tf.keras.layers.LayerNormalization", {"epsilon": 1e-3}, "3x5", (3, 5), 6),
        ("layer_normalization", None, "16x2x2", (16, 2, 2), 32),
        ("GroupNormalization", None, "64x4x4", (64, 4, 4), 128),
        # A slope for each element, channel or layer.
        ("keras.PReLU", None, "32x24x24", (32, 24, 24), 18_432),
        ("caffe.PReLU", None, "32x24x24", (32, 24, 24), 32),
        ("nn.PReLU", None, "32x24x24", (32, 24, 24), 1),
        ("PReLU", {"num_parameters": 32}, "32x24x24", (32, 24, 24), 32),
        # One bias per gate, and the last state: 4·(8·(3 + 8) + 8), 8·(3 + 8) + 8.
        ("LSTM", {"units": 8}, "3x5", (8,), 384),
        ("keras.LSTM", {"units": 8, "return_sequences": True}, "3x5", (8, 5), 384),
        ("SimpleRNN", 8, "3x5", (8,), 96),
        ("keras.GRU", 8, "3x5", (8,), 312),  # reset_after keeps both biases
        ("torch.nn.LSTM", 8, "3x5", (8, 5), 416),
        ("LSTM", {"hidden_size": 8}, "3x5", (8, 5), 416),
        # Sizes of 2 and padding of 1 are Keras's defaults; size is a factor.
        ("MaxPooling2D", None, "3x32x32", (3, 16, 16), 0),
        ("MaxPooling1D", {"pool_size": 4, "strides": 2}, "3x32", (3, 15), 0),
        ("AveragePooling2D", None, "3x9x9", (3, 4, 4), 0),
        ("UpSampling2D", None, "3x4x4", (3, 8, 8), 0),
        ("UpSampling2D", {"size": [3, 2]}, "3x4x4", (3, 12, 8), 0),
        ("ZeroPadding2D", None, "3x4x4", (3, 6, 6), 0),
        ("Conv2DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, "3x4x4", (2, 8, 8), 26),
        ("Conv1D", {"filters": 2, "kernel_size": 3, "dilation_rate": 2}, "3x9", (2, 5), 20),
        # Caffe.
        ("caffe.BatchNorm", None, "64x8x8", (64, 8, 8), 0),
        ("Scale", {"bias_term": True}, "64x8x8", (64, 8, 8), 128),
        ("Scale", None, "64x8x8", (64, 8, 8), 64),
        ("Convolution", {"num_output": 4, "kernel_size": 3, "pad": 1, "bias_term": False},
         "3x8x8", (4, 8, 8), 108),
        ("InnerProduct", {"num_output": 10}, "4x5x5", (10,), 1010),
        ("Pooling", {"kernel_size": 3, "stride": 2}, "4x8x8", (4, 4, 4), 0),  # rounds up
        # Ours, spelled in lower case.
        ("pooling", {"kernel_size": 3, "stride": 2}, "4x8x8", (4, 3, 3), 0),
        ("dense", 10, "64x98", (10,), 62_730),
        ("lstm", 8, "3x5", (8, 5), 416),
        ("BatchNorm2d", None, "64x8x8", (64, 8, 8), 128),
    ],
)  # fmt: skip
def test_a_name_means_what_it_means_in_its_framework(kind, given, shape, output, params):
    report = one(kind, given, shape)
    assert tuple(report.rows[-1].output) == output
    assert report.totals.params == params


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("PReLU", None, "PReLU differs between frameworks; write torch.PReLU (one slope), "
         "caffe.PReLU (one for each channel) or keras.PReLU (one for each element)"),
        ("LSTM", 4, "LSTM differs between frameworks; write torch.LSTM (two biases for each gate, "
         "and every output) or keras.LSTM (one bias for each gate, and only the last output)"),
        ("PReLU", {"slopes": 2}, "prelu has no field 'slopes'"),
        ("lstm", {"units": 4}, "has no field 'units'; it is a field of keras.LSTM"),
        ("upsample", {"sizes": 4}, "has no field 'sizes'; did you mean 'size'?"),
        ("torch.split", 2, "takes the size of each part in PyTorch; write split with the number"),
        ("F.split", [1, 2], "takes the size of each part in PyTorch"),
        ("mxnet.PReLU", None, "no layer kind 'mxnet.PReLU'"),
        ("keras.Convv2D", None, "no layer kind 'keras.Convv2D'"),
    ],
)  # fmt: skip
def test_a_name_that_frameworks_dispute_is_refused_with_the_fixes(kind, given, says):
    with pytest.raises(Mistakes) as refused:
        one(kind, given, "3x8")
    assert says in str(refused.value)


def test_every_name_that_frameworks_dispute_says_what_each_means():
    words = [full for kind in layers.every() for full in kind.foreign]
    disputed = [one for word in words if (one := layers.known(word.partition(".")[2]))]
    disputed = [one for one in disputed if len(one.meanings) > 1]
    assert len(disputed) == 3 + 2 + 2
    assert all(one.says for found in disputed for one in found.meanings.values())


@pytest.mark.parametrize(
    ("kind", "shape", "remark"),
    [
        ("BatchNorm", "4x5x5", "'BatchNorm' is read as caffe.BatchNorm: batch_norm with "
         "{affine: false}; write caffe.BatchNorm to confirm that, or batch_norm for "
         "{affine: true}"),
        ("Pooling", "4x2x2", "'Pooling' is read as caffe.Pooling: max_pool with "
         "{ceil_mode: true}; write caffe.Pooling to confirm that, or max_pool for "
         "{ceil_mode: false}"),
        ("Dense", "4x5x5", "'Dense' is read as keras.Dense: linear with {per_position: true}; "
         "write keras.Dense to confirm that, or linear for {per_position: false}"),
    ],
)  # fmt: skip
def test_a_name_that_is_also_ours_is_read_as_theirs_with_a_remark(kind, shape, remark):
    given = {"Dense": 3, "Pooling": {"kernel_size": 3, "padding": 0, "stride": 3}}.get(kind)
    (warning,) = one(kind, given, shape).warnings
    assert warning.endswith(remark)


@pytest.mark.parametrize(
    ("kind", "given", "shape"),
    [
        ("Dense", 3, "7"), ("keras.Dense", 3, "4x5x5"), ("caffe.BatchNorm", None, "4x5x5"),
        ("BatchNorm2d", None, "4x5x5"), ("batch_norm", None, "4x5x5"), ("fc", 3, "4x5x5"),
        ("MaxPooling2D", None, "4x4x4"), ("LayerNormalization", None, "4x5x5"),
        ("BatchNorm", {"affine": True}, "4x5x5"), ("Dropout", 0.5, "4x5x5"),
        ("pooling", {"kernel": 2, "stride": 2}, "4x8x8"),
        ("UpSampling2D", None, "4x5x5"), ("UpSampling2D", {"size": 2}, "4x5x5"),
    ],
)  # fmt: skip
def test_no_remark_where_both_readings_agree(kind, given, shape):
    assert one(kind, given, shape).warnings == ()


@pytest.mark.parametrize(
    ("padding", "zeros"), [("same", ((0, 1), (1, 1))), ("SAME_LOWER", ((1, 0), (1, 1)))]
)
def test_an_odd_zero_goes_after_the_input_or_before_it(padding, zeros):
    fields = {"filters": 1, "kernel": [2, 3], "padding": padding}
    layer = layers.load("conv").parse(fields)
    assert layer.zeros(Map(1, (4, 4))) == zeros
    assert layer.output(Map(1, (4, 4))) == (1, 4, 4)
    assert [axis.before for axis in layer.reach(Map(1, (4, 4)))] == [one for one, _ in zeros]


def test_an_activation_among_the_fields_is_a_layer_of_its_own():
    spec = {
        "input": "3x8x8",
        "parameters": {"act": "swish"},
        "layers": [
            {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}, "name": "c"},
            {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "$act"}, "name": "d"},
            {"conv": {"filters": 4, "kernel": 1, "activation": "linear"}, "name": "e"},
            {"Flatten": None},
            {"Dense": {"units": 2, "activation": "softmax"}, "repeat": 2, "name": "f"},
            {"add": None, "from": ["d", "e"], "name": "out"},
        ],
    }
    report = cnncalc.summarize(spec)
    assert [(row.name, row.layer.kind) for row in report.layers] == [
        ("c", "conv"), ("c_relu", "relu"), ("d", "conv"), ("d_silu", "silu"), ("e", "conv"),
        ("flatten1", "flatten"), ("f.0", "linear"), ("f.0_softmax", "softmax"), ("f.1", "linear"),
        ("f.1_softmax", "softmax"), ("out", "add"),
    ]  # fmt: skip
    # Other layers read what comes after the activation.
    assert [report.rows[source].name for source in report["out"].sources] == ["d_silu", "e"]


@pytest.mark.parametrize(
    ("word", "says"),
    [("flatten", "'flatten' is not an activation, such as relu"),
     ("conv", "'conv' is not an activation, such as relu"), ("reluu", "did you mean 'relu'?"),
     (["relu"], "'activation' must be the name of an activation, such as relu, not ['relu']")],
)  # fmt: skip
def test_an_unknown_activation_is_refused(word, says):
    with pytest.raises(Mistakes) as refused:
        one("Conv2D", {"filters": 4, "kernel_size": 3, "activation": word}, "3x8x8")
    assert says in str(refused.value)


def test_every_foreign_name_is_found_with_its_framework_and_without():
    for kind in layers.every():
        for full in (name for name, meaning in kind.foreign.items() if not meaning.refuses):
            for name in (full, full.partition(".")[2]):
                found = layers.find(name.replace("*", "2"))
                assert found.kind is kind
                assert full in found.meanings
                assert found.axes == (2 if "*" in full else None)


def test_a_framework_is_not_a_kind():
    for word in ("keras.", "torch", "caffe.layers"):
        with pytest.raises(LayerError):
            layers.find(word)
