"""Models of other tools, read from small files of our own."""

import json
import zipfile

import pytest

import cnncalc
from cnncalc.core.errors import CnncalcError
from cnncalc.spec import readers


def keras(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, "trainable": True, **config}}


IMAGE = keras("InputLayer", "image", batch_shape=[None, 28, 28, 1], dtype="float32")
CONV = keras("Conv2D", "a/conv", filters=8, kernel_size=[3, 3], strides=[1, 1], padding="valid",
             data_format="channels_last", dilation_rate=[1, 1], groups=1, activation="relu",
             use_bias=True, kernel_initializer={"class_name": "Zeros", "config": {}})  # fmt: skip
POOL = keras("MaxPooling2D", "pool", pool_size=[2, 2], padding="valid", strides=[2, 2])
NORM = keras("BatchNormalization", "bn", axis=-1, momentum=0.99, epsilon=1e-3, center=True,
             scale=True)  # fmt: skip
FLAT = keras("Flatten", "flatten", data_format="channels_last")
DENSE = keras("Dense", "fc", units=10, activation="softmax", use_bias=True)


def sequential(*layers):
    return {"class_name": "Sequential", "config": {"name": "small", "layers": list(layers)}}


def summarized(tmp_path, model, name="model.json"):
    file = tmp_path / name
    file.write_text(json.dumps(model), encoding="utf-8")
    return cnncalc.summarize(file)


def test_a_sequential_model(tmp_path):
    report = summarized(tmp_path, sequential(IMAGE, CONV, POOL, NORM, FLAT, DENSE))
    assert [row.name for row in report] == [
        "a_conv", "a_conv_relu", "pool", "bn", "flatten", "fc", "fc_softmax"
    ]  # fmt: skip
    assert report["pool"].output == (8, 13, 13)
    # 9·8 + 8, 2·8, and 13·13·8·10 + 10
    assert report.totals.params == 80 + 16 + 13_530
    assert report.totals.buffers == 2 * 8 + 1


def functional(style):
    """A residual block; tensors are written as Keras 2 or as Keras 3 does."""

    def reads(layer, *names):
        if style == 2:
            nodes = [[[name, 0, 0, {}] for name in names]]
        else:
            tensors = [
                {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}
                for name in names
            ]
            nodes = [{"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": {}}]
        return {**layer, "name": layer["config"]["name"], "inbound_nodes": nodes}

    same = {**CONV["config"], "name": "inner", "padding": "same", "use_bias": False}
    layers = [
        {**IMAGE, "inbound_nodes": []},
        reads(CONV, "image"),
        reads({"class_name": "Conv2D", "config": same}, "a/conv"),
        reads(keras("Add", "sum"), "inner", "a/conv"),
        reads(keras("Activation", "act", activation="swish"), "sum"),
        reads(keras("GlobalAveragePooling2D", "gap", keepdims=False), "act"),
        reads(DENSE, "gap"),
    ]
    return {"class_name": "Functional", "config": {"name": "res", "layers": layers}}


@pytest.mark.parametrize("style", [2, 3])
def test_a_functional_model_of_keras_2_and_3(tmp_path, style):
    report = summarized(tmp_path, functional(style))
    assert report["act"].kind == "silu"
    # An activation belongs to its layer: the sum reads the ReLU's output.
    assert report.sources("sum") if hasattr(report, "sources") else report["sum"].inputs
    assert report.totals.params == 80 + 9 * 8 * 8 + (8 * 10 + 10)
    assert report.totals.macs == 26 * 26 * (72 + 576) + 80


def test_a_keras_archive_is_read_without_its_weights(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(sequential(IMAGE, CONV)))
        archive.writestr("model.weights.h5", b"\0" * 6_000_000)
    assert cnncalc.summarize(file).totals.params == 80


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ({"class_name": "Optimizer", "config": {}}, "describes 'Optimizer', not a model"),
        ({"class_name": "Sequential", "config": {}}, "has no list of layers"),
        (sequential(), "contains no layers"),
        (sequential(3), "without 'class_name' and 'config'"),
        (sequential(CONV), "a spec needs .input."),
        (sequential(keras("InputLayer", "x"), CONV), "the input 'x' has no shape"),
        (sequential(keras("InputLayer", "x", batch_shape=[None, None, 3])), "has an open size"),
        (sequential(keras("InputLayer", "x", batch_shape=[None])), "not a list of sizes"),
        (sequential(IMAGE, keras("Lambda", "f", function="os.system")), "no layer kind"),
        (sequential(IMAGE, keras("BatchNormalization", "b", scale=False)), "only one of scale"),
        (sequential(IMAGE, sequential(CONV)), "has a model 'small' inside"),
        (sequential(IMAGE, {**CONV, "config": {**CONV["config"], "data_format": "channels_first"}}),
         "has its channels first"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_said_is_refused(tmp_path, model, why):
    with pytest.raises(CnncalcError, match=why):
        summarized(tmp_path, model)


def test_a_shared_layer_is_refused(tmp_path):
    model = functional(2)
    model["config"]["layers"][2]["inbound_nodes"] *= 2
    with pytest.raises(CnncalcError, match="uses the layer 'inner' 2 times"):
        summarized(tmp_path, model)


def test_a_tensor_that_no_layer_makes_is_refused(tmp_path):
    model = functional(3)
    del model["config"]["layers"][1]
    with pytest.raises(CnncalcError, match="no layer makes 'a/conv'"):
        summarized(tmp_path, model)


@pytest.mark.parametrize("text", ['{"class_name": ', '{"class_name": "x"}' + "]" * 9])
def test_broken_json_is_refused(tmp_path, text):
    file = tmp_path / "model.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CnncalcError, match="is not valid JSON"):
        cnncalc.summarize(file)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"text"])
def test_a_broken_archive_is_refused(tmp_path, data):
    file = tmp_path / "model.keras"
    file.write_bytes(data)
    with pytest.raises(CnncalcError, match="is not an archive with a"):
        cnncalc.summarize(file)


def test_a_spec_is_nobody_elses_file():
    assert readers.reader_of("input: 3x8x8\nlayers: [relu]") is None
    assert readers.reader_of('{"input": "3x8x8", "layers": ["relu"]}') is None


# Darknet.


def conv(filters, size=3, norm=1, activation="leaky", **more):
    rest = "".join(f"{key}={value}\n" for key, value in more.items())
    return (
        f"[convolutional]\nbatch_normalize={norm}\nfilters={filters}\nsize={size}\nstride=1\npad=1\n"
        f"activation={activation}\n{rest}\n"
    )


def pool(stride=2):
    return f"[maxpool]\nsize=2\nstride={stride}\n\n"


def route(layers):
    return f"[route]\nlayers = {layers}\n\n"


NET = "# a comment\n[net]\nwidth=416\nheight=416\nchannels=3\nbatch=1 # one\n\n"
LAST = conv(255, 1, 0, "linear") + "[yolo]\nclasses=80\n\n"
TINY = (
    "".join(conv(filters) + pool() for filters in (16, 32, 64, 128, 256))
    + conv(512) + pool(1) + conv(1024) + conv(256, 1) + conv(512) + LAST
    + route("-4") + conv(128, 1) + "[upsample]\nstride=2\n\n" + route("-1, 8") + conv(256) + LAST
)  # fmt: skip


def darknet(tmp_path, sections, net=NET):
    file = tmp_path / "net.cfg"
    file.write_text(net + sections, encoding="utf-8")
    return cnncalc.summarize(file)


def test_yolo_v3_tiny(tmp_path):
    report = darknet(tmp_path, TINY)
    # Redmon's table of YOLOv3 says 5.56 billion operations of YOLOv3-tiny at 416.
    assert round(2 * report.totals.macs / 10**9, 2) == 5.56
    assert report["convolutional15"].output == (255, 13, 13)
    assert report["convolutional22"].output == (255, 26, 26)
    assert report["maxpool11"].output == (512, 13, 13)  # a window of 2 at stride 1 keeps the size


def test_shortcuts_and_other_sections(tmp_path):
    sections = (
        conv(8) + conv(8, norm=0, activation="mish") + "[shortcut]\nfrom=-2\nactivation=relu\n"
        "[reorg]\nstride=2\n[avgpool]\n[dropout]\n[connected]\noutput=10\nactivation=linear\n"
        "[softmax]\n[cost]\n"
    )
    report = darknet(tmp_path, sections)
    assert report["reorg3"].output == (32, 208, 208)
    # 27·8 and 2·8; 72·8 + 8; 32·10 + 10
    assert report.totals.params == 232 + 584 + 330


@pytest.mark.parametrize(
    ("sections", "why"),
    [
        ("[lstm]\noutput=3\n", r"net.cfg:8: the section \[lstm\] cannot be read"),
        (conv("many"), r"net.cfg:8: 'filters' must be a whole number, not 'many'"),
        (conv(3, activation="loggy"), "no activation 'loggy' is known"),
        ("[shortcut]\nfrom=-1\n", "'from' must name earlier sections"),
        (conv(8) + "[route]\nlayers=-1\ngroups=2\n", "of a group of channels cannot be read"),
        ("what\n", r"net.cfg:8: is neither a \[section\] nor key=value"),
        ("", "contains no layers"),
    ],
)
def test_what_a_cfg_cannot_say_is_refused(tmp_path, sections, why):
    with pytest.raises(CnncalcError, match=why):
        darknet(tmp_path, sections)


@pytest.mark.parametrize(
    ("net", "why"),
    [
        ("[net]\nwidth=3\n", "needs 'height' and 'width'"),
        ("[a]\n[net]\n", r"must begin with \[net"),
    ],
)
def test_a_cfg_needs_its_size_first(tmp_path, net, why):
    with pytest.raises(CnncalcError, match=why):
        darknet(tmp_path, conv(8), net)
