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


def test_a_sequential_model_is_read(tmp_path):
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
def test_a_functional_model_of_keras_2_and_3_is_read(tmp_path, style):
    report = summarized(tmp_path, functional(style))
    assert report["act"].kind == "silu"
    # An activation belongs to its layer: the sum reads the ReLU's output.
    assert report.sources("sum") if hasattr(report, "sources") else report["sum"].inputs
    assert report.totals.params == 80 + 9 * 8 * 8 + (8 * 10 + 10)
    assert report.totals.macs == 26 * 26 * (72 + 576) + 80


def test_arguments_that_are_not_tensors_are_ignored(tmp_path):
    model = functional(3)
    for layer in model["config"]["layers"][1:]:
        layer["inbound_nodes"][0]["kwargs"] = {"training": False, "mask": None, "size": {"x": 1}}
    model["config"]["output_layers"] = ["act", 0, 0]
    report = summarized(tmp_path, model)
    assert report.totals.params == 80 + 9 * 8 * 8 + (8 * 10 + 10)


def test_a_keras_archive_is_read_without_its_weights(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(sequential(IMAGE, CONV)))
        archive.writestr("model.weights.h5", b"\0" * 6_000_000)
    assert cnncalc.summarize(file).totals.params == 80


def test_a_keras_model_whose_json_was_encoded_twice_is_read(tmp_path):
    encoded = json.dumps(sequential(IMAGE, CONV))
    assert summarized(tmp_path, encoded).totals.params == 80


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ({"class_name": "Optimizer", "config": {}}, "describes 'Optimizer', not a Sequential or"),
        ({"class_name": "Sequential", "config": {}}, "the model has no list of layers"),
        (sequential(), "the file contains no layers"),
        (sequential(3), "lacks its 'class_name' or 'config'"),
        (sequential(CONV), "layer 'a/conv' has no input; add an Input to the model"),
        (sequential(keras("InputLayer", "x"), CONV), "the input 'x' has no shape"),
        (sequential(keras("InputLayer", "x", batch_shape=[None, None, 3])), "an unspecified size"),
        (sequential(keras("InputLayer", "x", batch_shape=[None])), "must be a list of sizes"),
        (sequential(IMAGE, keras("Lambda", "f", function="os.system")), "Lambda is not supported"),
        (sequential(IMAGE, keras("LSTM", "r", units=4, activation="relu")), "LSTM is not suppor"),
        (sequential(IMAGE, keras("Bidirectional", "r", layer=keras("LSTM", "s", units=4))),
         "this Bidirectional is not supported"),
        (sequential(IMAGE, {**CONV, "config": {**CONV["config"], "data_format": "channels_first"}}),
         "is channels_first"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_expressed_is_refused(tmp_path, model, why):
    with pytest.raises(CnncalcError, match=why):
        summarized(tmp_path, model)


@pytest.mark.parametrize(
    ("layer", "params", "output"),
    [
        # 3·3·2·12 + 12: each of 3 groups has 2 channels.
        (keras("Conv2D", "a", filters=12, kernel_size=[3, 3], groups=3), 228, (12, 30, 30)),
        (keras("DepthwiseConv2D", "a", kernel_size=[3, 3], depth_multiplier=3), 180, (18, 30, 30)),
        # 9·6·3, 18·8 and one set of biases
        (keras("SeparableConv2D", "a", filters=8, kernel_size=[3, 3], depth_multiplier=3), 314,
         (8, 30, 30)),
        (keras("BatchNormalization", "a", axis=[3]), 12, (6, 32, 32)),
        (keras("LayerNormalization", "a", axis=-1, epsilon=1e-3, center=True, scale=True), 12,
         (6, 32, 32)),
        (keras("GlobalAveragePooling2D", "a", keepdims=False), 0, (6,)),
        (keras("GlobalAveragePooling2D", "a", keepdims=True), 0, (6, 1, 1)),
        (keras("Rescaling", "a", scale=0.5, offset=0.0), 0, (6, 32, 32)),
        # A mean and a variance, but nothing learned
        (keras("BatchNormalization", "a", axis=-1, scale=False, center=False), 0, (6, 32, 32)),
    ],
)  # fmt: skip
def test_a_keras_layer_means_what_it_means_there(tmp_path, layer, params, output):
    image = keras("InputLayer", "image", batch_shape=[None, 32, 32, 6])
    report = summarized(tmp_path, sequential(image, layer))
    assert (report.totals.params, report["a"].output) == (params, output)


@pytest.mark.parametrize(
    "layer",
    [
        keras("BatchNormalization", "a", axis=[1]),
        keras("LayerNormalization", "a", axis=[1, 2]),
        keras("Normalization", "a", axis=[1]),
        keras("Concatenate", "a", axis=0),
        keras("ReLU", "a", max_value=4),
        keras("ReLU", "a", threshold=1.0),
        keras("Rescaling", "a", scale=[0.5, 0.5]),
    ],
)
def test_a_keras_layer_that_a_spec_cannot_express_is_refused(tmp_path, layer):
    image = keras("InputLayer", "image", batch_shape=[None, 32, 32, 6])
    with pytest.raises(CnncalcError, match=r"layer 'a': this .* is not supported"):
        summarized(tmp_path, sequential(image, layer))


def test_an_offset_is_a_layer_after_the_scale(tmp_path):
    image = keras("InputLayer", "image", batch_shape=[None, 32, 32, 6])
    report = summarized(tmp_path, sequential(image, keras("Rescaling", "a", scale=2, offset=-1)))
    assert [(row.name, row.kind, row.layer.value) for row in report] == [
        ("a", "multiply", 2), ("a_offset", "add", -1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "layer",
    [
        keras("LSTM", "r", units=5, return_state=True),
        keras("Bidirectional", "r", layer=keras("Dense", "s", units=5)),
    ],
)
def test_a_recurrent_layer_that_a_spec_cannot_express_is_refused(tmp_path, layer):
    signal = keras("InputLayer", "signal", batch_shape=[None, 7, 3])
    with pytest.raises(CnncalcError, match=r"layer 'r': this .* is not supported"):
        summarized(tmp_path, sequential(signal, layer))


def test_a_layer_that_does_not_fit_its_input_is_named(tmp_path):
    image = keras("InputLayer", "image", batch_shape=[None, 4, 4, 6])
    large = keras("Conv2D", "large", filters=2, kernel_size=[5, 5])
    with pytest.raises(CnncalcError, match=r"layer 'large' \(keras.Conv2D\): "):
        summarized(tmp_path, sequential(image, large))


def test_a_scaled_sum_multiplies_its_second_input(tmp_path):
    history = [
        {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}
        for name in ("image", "a/conv")
    ]
    image = keras("InputLayer", "image", batch_shape=[None, 28, 28, 1])
    conv = {**CONV["config"], "filters": 1, "padding": "same"}
    layers = [
        {**image, "inbound_nodes": []},
        {"class_name": "Conv2D", "config": conv,
         "inbound_nodes": [{"args": [history[0]], "kwargs": {}}]},
        {**keras("CustomScaleLayer", "sum", scale=0.2),
         "inbound_nodes": [{"args": [history], "kwargs": {}}]},
    ]  # fmt: skip
    config = {"name": "inception", "layers": layers}
    report = summarized(tmp_path, {"class_name": "Functional", "config": config})
    assert [row.kind for row in report] == ["conv", "relu", "multiply", "add"]
    assert report["sum_scale"].layer.value == 0.2
    assert report.totals.params == 9 + 1


def test_the_layer_of_a_wrong_field_is_named(tmp_path):
    wrong = keras("Conv2D", "k3", filters="x", kernel_size=3)
    with pytest.raises(CnncalcError, match=r"layer 'k3' \(keras.Conv2D\): 'filters' must be"):
        summarized(tmp_path, sequential(IMAGE, wrong))


def test_frozen_layers_stay_frozen(tmp_path):
    frozen = {**CONV, "config": {**CONV["config"], "trainable": False}}
    report = summarized(tmp_path, sequential(IMAGE, frozen, FLAT, DENSE))
    assert report.to_dict()["totals"]["frozen"] == 80


def test_a_shared_layer_counts_its_weights_once(tmp_path):
    model = functional(2)
    listed = model["config"]["layers"]
    listed[2]["inbound_nodes"] *= 2
    listed[3]["inbound_nodes"] = [[["inner", 0, 0, {}], ["inner", 1, 0, {}]]]
    report = summarized(tmp_path, model)
    assert report["inner_2"].weights_of == "inner"
    assert report.totals.params == 80 + 9 * 8 * 8 + (8 * 10 + 10)
    assert report.totals.macs == 26 * 26 * (72 + 2 * 576) + 80


def test_a_model_inside_a_model_is_read(tmp_path):
    inner = sequential(CONV, POOL)
    inner["config"]["name"] = "features"
    report = summarized(tmp_path, sequential(IMAGE, inner, FLAT, DENSE))
    assert [row.name for row in report][:3] == [
        "features.a_conv", "features.a_conv_relu", "features.pool"
    ]  # fmt: skip
    assert report.totals.params == 80 + (13 * 13 * 8 * 10 + 10)


def test_a_model_that_is_used_twice_shares_its_weights(tmp_path):
    def reads(layer, *calls):
        nodes = [[[name, number, 0, {}] for name, number in call] for call in calls]
        return {**layer, "name": layer["config"]["name"], "inbound_nodes": nodes}

    other = keras("InputLayer", "other", batch_shape=[None, 28, 28, 1])
    tower = {"class_name": "Functional", "config": {
        "name": "tower", "layers": [reads(IMAGE), reads(CONV, [("image", 0)])],
        "input_layers": [["image", 0, 0]], "output_layers": [["a/conv", 0, 0]]}}  # fmt: skip
    listed = [
        reads(keras("InputLayer", "one", batch_shape=[None, 28, 28, 1])),
        reads(other),
        reads(tower, [("one", 0)], [("other", 0)]),
        reads(keras("Subtract", "difference"), [("tower", 0), ("tower", 1)]),
    ]
    model = {"class_name": "Functional", "config": {"name": "twins", "layers": listed}}
    report = summarized(tmp_path, model)
    assert report.totals.params == 80
    assert report.totals.macs == 2 * 26 * 26 * 72


@pytest.mark.parametrize(
    ("learned", "params"), [({"scale": False}, 1), ({"center": False}, 1), ({}, 2)]
)
def test_a_batch_norm_with_only_a_scale_or_only_a_shift(tmp_path, learned, params):
    norm = {**NORM, "config": {**NORM["config"], **learned}}
    report = summarized(tmp_path, sequential(IMAGE, norm))
    assert (report.totals.params, report.totals.buffers) == (params, 3)


@pytest.mark.parametrize(
    ("layer", "params", "output"),
    [
        # 4·(3 + 5 + 1)·5, 3·(3 + 5 + 2)·5 and twice 4·(3 + 5 + 1)·5
        (keras("LSTM", "r", units=5, activation="tanh"), 180, (5,)),
        (keras("GRU", "r", units=5, reset_after=True, return_sequences=True), 150, (5, 7)),
        (keras("Bidirectional", "r", merge_mode="concat",
               layer=keras("LSTM", "s", units=5, return_sequences=True)), 360, (10, 7)),
    ],
)  # fmt: skip
def test_recurrent_layers_are_read(tmp_path, layer, params, output):
    signal = keras("InputLayer", "signal", batch_shape=[None, 7, 3])
    report = summarized(tmp_path, sequential(signal, layer))
    assert (report.totals.params, report["r"].output) == (params, output)


def test_an_open_input_size_is_given(tmp_path):
    image = keras("InputLayer", "image", batch_shape=[None, None, None, 3])
    file = tmp_path / "model.json"
    file.write_text(json.dumps(sequential(image, CONV)), encoding="utf-8")
    assert cnncalc.summarize(file, input="3x9x9")["a_conv"].output == (8, 7, 7)
    assert cnncalc.summarize(file, input="9x9x3", layout="hwc")["a_conv"].output == (8, 7, 7)


def test_the_only_open_input_is_called_input_like_that_of_a_spec(tmp_path):
    image = keras("InputLayer", "image", batch_shape=[None, None, None, 3])
    file = tmp_path / "model.json"
    file.write_text(json.dumps(sequential(image, CONV)), encoding="utf-8")
    assert cnncalc.summarize(file, input={"input": "3x9x9"})["a_conv"].output == (8, 7, 7)
    with pytest.raises(CnncalcError, match=r"no input 'image'; its only input is called 'input'"):
        cnncalc.summarize(file, input={"image": "3x9x9"})
    with pytest.raises(CnncalcError, match=r"no input 'inptu'; did you mean 'input'\?"):
        cnncalc.summarize(file, input={"inptu": "3x9x9"})


def test_the_open_ones_among_several_inputs_are_asked_for_by_name(tmp_path):
    layers = [keras("InputLayer", one, batch_shape=[None, None, 3]) for one in ("left", "right")]
    layers.append(keras("Add", "sum") | {"inbound_nodes": [[["left", 0, 0], ["right", 0, 0]]]})
    model = {"class_name": "Functional", "config": {"name": "net", "layers": layers}}
    file = tmp_path / "model.json"
    file.write_text(json.dumps(model), encoding="utf-8")
    with pytest.raises(CnncalcError, match=r"'right' .*; give it, as in --input right=3x224x224$"):
        cnncalc.summarize(file, input={"left": "3x9", "rihgt": "3x9"})
    assert cnncalc.summarize(file, input={"left": "3x9", "right": "3x9"})["sum"].output == (3, 9)


def test_a_model_without_an_input_takes_the_given_size(tmp_path):
    file = tmp_path / "model.json"
    file.write_text(json.dumps(sequential(CONV, keras("Flatten", "f"))), encoding="utf-8")
    for given in ({"input": "3x9x9"}, {"input": "9x9x3", "layout": "hwc"}):
        report = cnncalc.summarize(file, **given)
        assert report["a_conv"].output == (8, 7, 7)
        assert report.input_shapes == {"input": (3, 9, 9)}


def test_a_tensor_that_no_layer_makes_is_refused(tmp_path):
    model = functional(3)
    del model["config"]["layers"][1]
    with pytest.raises(CnncalcError, match=r"layer .* reads 'a/conv', but no layer produces it"):
        summarized(tmp_path, model)


@pytest.mark.parametrize("text", ['{"class_name": ', '{"class_name": "x"}' + "]" * 9])
def test_broken_json_is_refused(tmp_path, text):
    file = tmp_path / "model.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CnncalcError, match="is not valid JSON"):
        cnncalc.summarize(file)


def test_a_cut_description_in_an_archive_is_not_called_the_text_of_the_file(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", '{"class_name": ')
    with pytest.raises(CnncalcError, match="the model's description is not valid JSON; export"):
        cnncalc.summarize(file)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"text"])
def test_a_broken_archive_is_refused(tmp_path, data):
    file = tmp_path / "model.keras"
    file.write_bytes(data)
    with pytest.raises(CnncalcError, match="is not an archive with a"):
        cnncalc.summarize(file)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("net.onnx", "net.onnx: this is not a valid .onnx file"),
        ("net.pth", "net.pth: this format, .* the model.s Python name"),
        ("net.weights", "net.weights: a file of weights .*; give Darknet's .cfg"),
        ("net.caffemodel", "net.caffemodel: .* cannot be read; give the network's .prototxt"),
        ("net.tflite", "net.tflite: this format cannot be read; export the model to ONNX"),
        ("net.h5", "net.h5: an HDF5 file cannot be read; save the Keras model as .keras"),
    ],
)
def test_a_file_that_holds_no_network_is_refused(tmp_path, name, says):
    file = tmp_path / name
    file.write_bytes(b"PK\3\4 text")
    with pytest.raises(CnncalcError, match=says):
        cnncalc.summarize(file)


def test_a_spec_is_not_taken_for_a_file_of_another_tool():
    assert readers.reader_of("input: 3x8x8\nlayers: [relu]") is None
    assert readers.reader_of('{"input": "3x8x8", "layers": ["relu"]}') is None


# Darknet.


def conv(filters, size=3, norm=1, activation="leaky", **more):
    rest = "".join(f"{key}={value}\n" for key, value in more.items())
    return (
        f"[convolutional]\nbatch_normalize={norm}\nfilters={filters}\nsize={size}\nstride=1\npad=1\n"
        f"activation={activation}\n{rest}\n"
    )


def test_brackets_may_have_spaces_inside(tmp_path):
    file = tmp_path / "net.cfg"
    file.write_text(NET.replace("[net]", "[ net ]") + conv(3).replace("[conv", "[ conv"))
    assert cnncalc.summarize(file).totals.params == 3 * 27 + 3 * 2


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


def test_yolo_v3_tiny_is_read(tmp_path):
    report = darknet(tmp_path, TINY)
    # Redmon's table of YOLOv3 says 5.56 billion operations of YOLOv3-tiny at 416.
    assert round(2 * report.totals.macs / 10**9, 2) == 5.56
    assert report["convolutional15"].output == (255, 13, 13)
    assert report["convolutional22"].output == (255, 26, 26)
    assert not report.warnings  # the layers that the heads read are outputs
    assert [one.name for one in report.outputs] == ["convolutional15", "convolutional22"]
    assert report["maxpool11"].output == (512, 13, 13)  # a window of 2 at stride 1 keeps the size


def test_a_head_in_the_middle_is_an_output_like_the_last_layer(tmp_path):
    report = darknet(tmp_path, LAST + route("-2") + conv(8))
    assert [one.name for one in report.outputs] == ["convolutional0", "convolutional3_leaky"]
    assert len(darknet(tmp_path, "[yolo]\n" + conv(8)).outputs) == 1  # an input is not listed


def test_a_route_of_a_group_of_channels(tmp_path):
    group = "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n\n"
    report = darknet(tmp_path, conv(8) + group + conv(4))
    assert report["route1"].output == (4, 416, 416)
    assert report["convolutional2"].cost.weights == 9 * 4 * 4


def test_shortcuts_and_other_sections_are_read(tmp_path):
    sections = (
        conv(8) + conv(8, norm=0, activation="mish") + "[shortcut]\nfrom=-2\nactivation=relu\n"
        "[reorg]\nstride=2\n[avgpool]\n[dropout]\nprobability=.5\n[connected]\noutput=10\nactivation=linear\n"
        "[dropout]\nprobability=1.0\n[softmax]\ngroups=1\n[cost]\n"
    )
    report = darknet(tmp_path, sections)
    assert report["reorg3"].output == (32, 208, 208)
    # 27·8 and 2·8; 72·8 + 8; 32·10 + 10
    assert report.totals.params == 232 + 584 + 330


@pytest.mark.parametrize(
    ("sections", "why"),
    [
        ("[lstm]\noutput=3\n", r"net.cfg:8: the section \[lstm\] is unknown or not supported$"),
        ("[maxpol]\nsize=2\n", r"not supported; did you mean 'maxpool'\?"),
        (conv("many"), r"net.cfg:10: 'filters' must be a whole number, not 'many'"),
        (
            conv(3, activation="loggy"),
            "net.cfg:14: no activation 'loggy'; choose from leaky, logistic, ",
        ),
        (conv(3, activation="leeky"), r"no activation 'leeky'; did you mean 'leaky'\?"),
        ("[shortcut]\nfrom=-1\n", "net.cfg:9: 'from' is -1, but no layer comes before this one"),
        (conv(3) + "[shortcut]\nfrom=-3\n", "'from' is -3, but only 1 layer comes before"),
        (conv(3) * 2 + "[route]\nlayers=-1,2\n", "'layers' is 2, but only 2 layers come before"),
        (
            conv(3) + "[maxpool]\nsize=999\npadding=0\n",
            "net.cfg:.*: layer 'maxpool1' .*window of 999",
        ),
        (conv(9) + "[route]\nlayers=-1\ngroups=2\n", "cannot divide 9 channels into 2 groups"),
        (conv(8) + "[route]\nlayers=-1\ngroups=2\ngroup_id=2\n", "must be from 0 to 1, not 2"),
        (conv(8) * 2 + "[route]\nlayers=-1,0\ngroups=2\n", "to several layers is not supported"),
        (
            "[maxpool]\nsize=999\npadding=0\n[route]\nlayers=-1\ngroups=2\n",
            r"net.cfg:8: layer 'maxpool0' .*window of 999",
        ),
        ("[route]\n", "needs 'layers'"),
        (conv(8, stride_x=2), r"the key 'stride_x' of \[convolutional\] is unknown or not sup"),
        ("[softmax]\ngroups=2\n", r"net.cfg:9: 'groups' of \[softmax\] must be 1, not 2: a soft"),
        ("[dropout]\nprobability=2\n", "'probability' must be from 0 to 1, not '2'"),
        ("[dropout]\nprobability=1.5\n", "'probability' must be from 0 to 1, not '1.5'"),
        ("what\n", r"net.cfg:8: expected a \[section\] or key=value"),
        ("", "the file contains no layers"),
    ],
)
def test_an_invalid_or_unsupported_cfg_is_refused(tmp_path, sections, why):
    with pytest.raises(CnncalcError, match=why):
        darknet(tmp_path, sections)


def test_a_file_that_already_has_its_extension_need_not_be_renamed(tmp_path):
    for name, text in (("a.cfg", "[yolo]\n[convolutional]\n"), ("a.json", '{"keras_version": 2}')):
        file = tmp_path / name
        file.write_text(text)
        with pytest.raises(CnncalcError, match=r"looks like .*, but it does not begin like one; "):
            cnncalc.summarize(file)


@pytest.mark.parametrize(
    ("net", "why"),
    [
        ("[net]\nwidth=3\n", r"\[net\] needs 'height'$"),
        ("[a]\n[net]\n", r"begins with \[net\], not \[a\]; add \[net\] with width, height"),
        ("batch=1\n[net]\nwidth=3\n", "net.cfg:1: 'batch' comes before the first section; move it"),
        ("", r"net.cfg:1: a Darknet cfg begins with \[net\], not \[convolutional\]"),
    ],
)
def test_a_cfg_needs_its_size_first(tmp_path, net, why):
    with pytest.raises(CnncalcError, match=why):
        darknet(tmp_path, conv(8), net)


# Caffe.


def caffe(tmp_path, text):
    file = tmp_path / "deploy.prototxt"
    file.write_text(text, encoding="utf-8")
    return cnncalc.summarize(file)


def layer(kind, name, bottom, top="", **fields):
    inside = " ".join(f"{key} {{ {value} }}" for key, value in fields.items())
    names = f'name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{top or name}"'
    return f"layer {{ {names} {inside} }}  # a comment\n"


DATA = 'name: "small"\ninput: "data"\ninput_shape { dim: 1 dim: 3 dim: 227 dim: 227 }\n'


def filters(name, bottom, fields):
    conv = layer("Convolution", name, bottom, convolution_param=f"num_output: {fields}")
    return conv + layer("ReLU", f"relu_{name}", name, name)


def maxima(name, bottom):
    return layer("Pooling", name, bottom, pooling_param="pool: MAX kernel_size: 3 stride: 2")


def units(name, bottom, number):
    return layer("InnerProduct", name, bottom, inner_product_param=f"num_output: {number}")


ALEXNET = (
    DATA
    + filters("conv1", "data", "96 kernel_size: 11 stride: 4")
    + layer("LRN", "norm1", "conv1", lrn_param="local_size: 5 alpha: 1e-4")
    + maxima("pool1", "norm1")
    + filters("conv2", "pool1", "256 pad: 2 kernel_size: 5 group: 2")
    + layer("LRN", "norm2", "conv2")
    + maxima("pool2", "norm2")
    + filters("conv3", "pool2", "384 pad: 1 kernel_size: 3")
    + filters("conv4", "conv3", "384 pad: 1 kernel_size: 3 group: 2")
    + filters("conv5", "conv4", "256 pad: 1 kernel_size: 3 group: 2")
    + maxima("pool5", "conv5")
    + units("fc6", "pool5", 4096)
    + layer("Dropout", "drop6", "fc6", "fc6")
    + units("fc7", "fc6", 4096)
    + units("fc8", "fc7", 1000)
    + layer("Softmax", "prob", "fc8")
)


def test_alexnet_of_caffe_is_read(tmp_path):
    report = caffe(tmp_path, ALEXNET)
    # The figures of Krizhevsky's network with its two groups, as the literature gives them.
    assert report.totals.params == 60_965_224
    assert report.totals.macs == 724_406_816
    assert report["pool5"].output == (256, 6, 6)
    # The second has Caffe's defaults.
    assert [report[name].layer.alpha for name in ("norm1", "norm2")] == [1e-4, 1]


def test_a_residual_block_of_caffe_is_read(tmp_path):
    conv = "num_output: 8 kernel_h: 3 kernel_w: 5 pad_h: 1 pad_w: 2 bias_term: false"
    text = (
        DATA
        + layer("Convolution", "a", "data", convolution_param=conv)
        + layer("BatchNorm", "bn_a", "a", "a")
        + layer("Scale", "scale_a", "a", "a", scale_param="bias_term: true")
        + layer("ReLU", "relu_a", "a", "a", relu_param="negative_slope: 0.1")
        + layer("Convolution", "b", "data", convolution_param="num_output: 8 kernel_size: 1")
        + 'layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }\n'
        + layer("Pooling", "pool", "sum", pooling_param="pool: AVE global_pooling: true")
        + 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "pool" bottom: "label" top: "l" }'
    )
    report = caffe(tmp_path, text)
    # 15·3·8 weights, 8 factors and 8 summands, 3·8 + 8
    assert report.totals.params == 360 + 16 + 32
    assert report.totals.buffers == 2 * 8 + 1
    assert report["relu_a"].kind == "leaky_relu"
    assert report["pool"].output == (8, 1, 1)


@pytest.mark.parametrize("word", ["false", "False", "f", "0"])
def test_a_truth_value_may_be_spelt_in_any_way(tmp_path, word):
    filters = f"num_output: 3 kernel_size: 3 bias_term: {word}"
    conv = layer("Convolution", "a", "data", convolution_param=filters)
    assert caffe(tmp_path, DATA + conv).totals.biases == 0
    yes = {"false": "true", "False": "True", "f": "t", "0": "1"}[word]
    pool = layer("Pooling", "a", "data", pooling_param=f"pool: AVE global_pooling: {yes}")
    assert caffe(tmp_path, DATA + pool).output_shape[1:] == (1, 1)
    scale = layer("Scale", "a", "data", scale_param=f"bias_term: {yes}")
    assert caffe(tmp_path, DATA + scale).totals.biases > 0


@pytest.mark.parametrize("second", ["", "param { lr_mult: 2 }"])
def test_a_tensor_without_a_name_is_not_shared(tmp_path, second):
    def both(more):
        fields = f"num_output: 3 kernel_size: 3 {more}"
        convs = [
            layer("Convolution", name, bottom, convolution_param=fields)
            for name, bottom in (("a", "data"), ("b", "a"))
        ]
        named = f'{{ param {{ name: "w" }} {second} name'
        return DATA + "".join(convs).replace("{ name", named)

    with pytest.raises(CnncalcError, match="some, but not all, of its weights are shared"):
        caffe(tmp_path, both(""))
    assert caffe(tmp_path, both("bias_term: false")).totals.params == 3 * 3 * 3 * 3


def test_code_without_an_input_loads_data(tmp_path):
    text = 'layer { name: "load" type: "Python" top: "data" }\n' + DATA + layer("ReLU", "r", "data")
    assert [row.kind for row in caffe(tmp_path, text).layers] == ["relu"]


def test_older_files_and_rounded_up_pools_are_read(tmp_path):
    text = """
    input: "data" input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 9
    layers { name: "p" type: POOLING bottom: "data" top: "p"
             pooling_param { pool: AVE kernel_size: 3, stride: 2 } }
    layers < name: "up" type: DECONVOLUTION bottom: "p" top: "up"
             convolution_param { num_output: 2 kernel_size: [4] stride: 2 bias_term: false } >
    layers { name: "cut" type: CROP bottom: "up" bottom: "data" top: "cut"
             crop_param { axis: 2 offset: 1 } }
    """
    report = caffe(tmp_path, text)
    assert report["p"].output == (1, 4, 4)  # (8 − 3)/2 + 1 = 3.5, rounded up
    assert report["up"].output == (2, 10, 10)
    assert report["cut"].output == (2, 8, 9)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (layer("ReLU", "a", "data"), "the size of the input is not given"),
        (DATA + layer("Permute", "a", "data"), r"prototxt:4: layer 'a': the type 'Permute' is u"),
        (DATA + layer("Convolutoin", "a", "data"), r"not supported; did you mean 'Convolution'\?"),
        (DATA + layer("ReLU", "a", "dat"),
         r"prototxt:4: layer 'a' reads 'dat', but no layer produces it; did you mean 'data'\?"),
        (DATA + layer("Pooling", "a", "data", pooling_param="pool: STOCHASTIC"), "stochastic"),
        (DATA + layer("LRN", "a", "data", lrn_param="norm_region: WITHIN_CHANNEL"), "within a"),
        (DATA + layer("ReLU", "a", "data", relu_param="negative_slope: x"), "must be a number"),
        (DATA + layer("Input", "a", "data"), "the file contains no layers"),
        (DATA + layer("Crop", "a", "data"), "a Crop needs two bottoms"),
        (DATA + 'layer { type: "Slice" bottom: "data" top: "a" top: "b" }', "'Slice' is unknown"),
        (DATA + 'layer { type: "INNERPRODUCTS" bottom: "data" top: "a" }',
         r"supported; did you mean 'InnerProduct'\?$"),
        (DATA + 'layer { type: "ReLU" bottom: "data" top: "a" top: "b" }', "several tops"),
        (DATA + 'layer { type: "ReLU" bottom: "data" }', "a layer needs a 'top'"),
        ('layer { type: "Input" top: "data" input_param { shpae { dim: 1 } } }', "'shpae' of inp"),
        (DATA + 'layer { type: "Convolution" bottom: "data" top: "a" convolution_param: 3 }',
         "needs its fields in braces"),
        (DATA + 'layer { type { a: 1 } bottom: "data" top: "a" }', "must be a single value"),
        (DATA + layer("Convolution", "a", "data", convolution_param="kernel_size: 3"),
         "prototxt:4: layer 'a': convolution_param needs 'num_output'"),
        (DATA + layer("Pooling", "a", "data", pooling_param="kernel_size: 999"),
         r"prototxt:4: layer 'a' \(max_pool.*\): a window of 999 is larger"),
        (DATA + layer("Pooling", "a", "data", pooling_param="kernle_size: 9"),
         r"the field 'kernle_size' of pooling_param is unknown or not supported; did you mean 'k"),
        (DATA + layer("Convolution", "a", "data", convolution_param="num_output: x"),
         "'num_output' must be a whole number, not 'x'"),
        (DATA + "layer: conv", "the layer 'conv' needs its fields in braces"),
        (DATA + "layer { name: ", "'name' has no value"),
        (DATA + 'layer { type "ReLU" }', "expected ':' or '{' after 'type'"),
        (DATA + 'layer name: "a" }', "expected ':' or '{' after 'layer'"),
        (DATA + "layer { ", "the brace after 'layer' is never closed"),
        (DATA + "layer { name: 3 } }", "'}' has no matching"),
        (DATA + "layer { : }", "expected the name of a field"),
        (DATA + "layer { name: $ }", "is not expected here"),
        ("layer {" + "a {" * 30, "messages are nested too deeply"),
        (DATA + "layer { } layers { }", "mixes 'layer' and 'layers'"),
        ("layer { name: [1, 2", "the bracket is never closed"),
        ('input: "a" input: "b" input_shape { dim: 1 dim: 3 } layer { }',
         "there are 2 inputs, but 1 shape; give each 'input' one 'input_shape'"),
        ('input: "a" input_dim: 3 input_dim: 8 input_dim: 8 ' + layer("ReLU", "r", "a"),
         "'input_dim' is given 3 times, but each input has 4; give batch, channels, height and"),
        (DATA + layer("Convolution", "a", "data", convolution_param="num_output: 1"),
         "convolution_param needs 'kernel_size'"),
        (DATA + layer("Convolution", "a", "data",
                      convolution_param="num_output: 1 kernel_size: 3 bias_term: no"),
         "'bias_term' must be true or false, not 'no'"),
        (DATA + 'layer { name: "a" bottom: "data" top: "a" }', "layer 'a': a layer needs a 'type'"),
        (DATA + layer("Python", "a", "data"), "the type 'Python' is unknown or not supported"),
        (DATA + layer("Concat", "a", "data", concat_param="axis: 2"),
         "layer 'a': concat_param with axis 2 is not supported; only axis 1 is"),
        (DATA + layer("PReLU", "a", "data", prelu_param="channel_shared: true"), "'channel_sh"),
        (DATA + layer("Flatten", "a", "data", flatten_param="axis: 2"), "'axis' of flatten_p"),
        (DATA + layer("Convolution", "a", "data", convolution_param="num_output: 1 kernel_w: 3"),
         "convolution_param needs both kernel_h and kernel_w, or kernel_size for both"),
        (DATA + layer("Eltwise", "a", "data", eltwise_param="operation: AVG"), "operation 'AVG'"),
    ],
)  # fmt: skip
def test_an_invalid_or_unsupported_prototxt_is_refused(tmp_path, text, why):
    with pytest.raises(CnncalcError, match=why):
        caffe(tmp_path, text)


def test_several_inputs_keep_their_names(tmp_path):
    shape = "shape { dim: 1 dim: 2 dim: 8 dim: 8 }"
    text = (
        f'layer {{ type: "Input" top: "left" top: "right" input_param {{ {shape} {shape} }} }}\n'
        'layer { name: "both" type: "Concat" bottom: "left" bottom: "right" top: "both" }\n'
        + layer("Scale", "mask", "both", scale_param="").replace("top:", 'bottom: "both" top:')
        + layer("InnerProduct", "fc", "mask", inner_product_param="num_output: 3")
        + 'layer { name: "data" type: "Data" top: "x" include { phase: TRAIN } }'
    )
    report = caffe(tmp_path, text)
    assert report["both"].output == (4, 8, 8)
    assert {*report.input_shapes} == {"left", "right"}


def test_layers_for_training_are_left_out(tmp_path):
    rules = ("exclude { phase: TEST }", "include { phase: TRAIN }")
    text = DATA + layer("PReLU", "a", "data", prelu_param="channel_shared: false")
    for number, rule in enumerate(rules):
        text += f'layer {{ name: "x{number}" type: "ReLU" bottom: "a" top: "a" {rule} }}\n'
    text += 'layer { name: "old" type: "Sigmoid" bottom: "a" top: "b" include { phase: TEST } }'
    text += layer("Eltwise", "sum", "b", eltwise_param="operation: SUM coeff: 1 coeff: -1").replace(
        "top:", 'bottom: "a" top:'
    )
    report = caffe(tmp_path, text)
    assert [row.name for row in report] == ["a", "old", "sum"]


def test_what_keras_writes_in_several_ways(tmp_path):
    first = {**CONV, "config": {**CONV["config"], "batch_input_shape": [None, 28, 28, 1]}}
    model = {
        "class_name": "Sequential",
        "config": [
            first,
            keras("Normalization", "scaled", axis=[-1]),
            keras("ReLU", "capped", max_value=6.0),
            keras("ReLU", "leaky", max_value=None, negative_slope=0.2),
            keras("ReLU", "plain", max_value=None, negative_slope=0.0, threshold=0.0),
            keras("Dropout", "half", rate=0.5),
            keras("Activation", "none", activation={"class_name": "linear", "config": "linear"}),
            keras("Reshape", "column", target_shape=[26 * 26, 8]),
        ],
    }
    report = summarized(tmp_path, model)
    assert report["scaled"].cost.buffers == 2 * 8 + 1  # fixed, and counted
    assert [report[name].kind for name in ("capped", "leaky", "plain", "half", "none")] == [
        "relu6", "leaky_relu", "relu", "dropout", "identity"
    ]  # fmt: skip
    assert report["column"].output == (8, 26 * 26)


def named(name, *words):
    params = " ".join(f'param {{ name: "{word}" }}' for word in words)
    text = layer("Convolution", name, "data", convolution_param="num_output: 4 kernel_size: 3")
    return text.replace("convolution_param", f"{params} convolution_param", 1)


def test_caffe_layers_with_the_same_weights_share_them(tmp_path):
    report = caffe(tmp_path, DATA + named("a", "w", "b") + named("c", "w", "b"))
    assert report.totals.params == 9 * 3 * 4 + 4
    with pytest.raises(
        CnncalcError, match="layer 'c': some, but not all, of its weights are shared"
    ):
        caffe(tmp_path, DATA + named("a", "w", "b") + named("c", "w", "d"))


def test_a_prototxt_without_a_size_takes_the_given_one(tmp_path):
    file = tmp_path / "train.prototxt"
    file.write_text(filters("a", "data", "8 kernel_size: 3"), encoding="utf-8")
    for given in ("3x9x9", {"input": "3x9x9"}):
        assert cnncalc.summarize(file, input=given)["a"].output == (8, 7, 7)
    with pytest.raises(CnncalcError, match="the size of the input is not given; use"):
        cnncalc.summarize(file, input={"data": "3x9x9"})


@pytest.mark.parametrize("shape", [(), (3, 9.5, 9), (3, "9", 9)])
def test_a_given_shape_must_be_whole_numbers(tmp_path, shape):
    file = tmp_path / "train.prototxt"
    file.write_text(filters("a", "data", "8 kernel_size: 3"), encoding="utf-8")
    with pytest.raises(CnncalcError, match=r"a shape must be whole numbers, such as 3x224x224"):
        cnncalc.summarize(file, input=shape)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("net.cfg", "[net]\nwidth=8\nheight=8\nchannels=3\n" + "[upsample]\nstride=1\n" * 5_001),
        ("net.prototxt", DATA + "".join(layer("ReLU", f"r{n}", "data") for n in range(5_001))),
    ],
)
def test_a_file_with_too_many_layers_is_refused_while_it_is_read(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(CnncalcError, match="has more than 5,000 layers"):
        cnncalc.summarize(tmp_path / name)


def test_a_keras_sum_with_a_scale_multiplies_the_second_map(tmp_path):
    """As in InceptionResNetV2."""

    def named(layer, *reads):
        nodes = [[[name, 0, 0, {}] for name in reads]] if reads else []
        return {**layer, "name": layer["config"]["name"], "inbound_nodes": nodes}

    layers = [
        named(IMAGE),
        named(keras("ReLU", "act"), "image"),
        named(keras("CustomScaleLayer", "sum", scale=0.2), "image", "act"),
    ]
    report = summarized(
        tmp_path, {"class_name": "Functional", "config": {"name": "f", "layers": layers}}
    )
    assert [row.kind for row in report] == ["relu", "multiply", "add"]
    assert report.output_shape == (1, 28, 28)


def test_a_keras_rescaling_with_an_offset_is_two_layers(tmp_path):
    report = summarized(tmp_path, sequential(IMAGE, keras("Rescaling", "r", scale=2, offset=-1)))
    assert [row.kind for row in report] == ["multiply", "add"]


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (keras("Conv2D", "a", filters=4, kernel_size=[40, 40]), r"'a' \(keras.Conv2D\)"),
        (keras("LSTM", "a", units=4, go_backwards=True), "this LSTM is not supported"),
        (keras("Bidirectional", "a", layer=keras("LSTM", "s", units=4, return_state=True)),
         "this Bidirectional is not supported"),
    ],
)  # fmt: skip
def test_a_keras_layer_that_does_not_fit(tmp_path, layer, why):
    with pytest.raises(CnncalcError, match=why):
        summarized(tmp_path, sequential(IMAGE, layer))


def test_a_keras_batch_norm_without_a_scale_and_a_shift_learns_nothing(tmp_path):
    layer = keras("BatchNormalization", "a", axis=-1, scale=False, center=False)
    report = summarized(tmp_path, sequential(IMAGE, layer))
    assert (report.totals.params, report.totals.buffers) == (0, 2 * 1 + 1)


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ([0, 28, 1], r"model\.json: input 'image': a size must be at least 1, not 0$"),
        ([5, 8, 8, 8, 3], r"model\.json: input 'image': a shape has 1 to 4 sizes .*, not 5$"),
        ([True, 28, 1], r"model\.json: input 'image' has an unspecified size; give it, as in "),
    ],
)
def test_a_keras_input_whose_shape_is_wrong_is_named(tmp_path, sizes, why):
    image = keras("InputLayer", "image", batch_shape=[None, *sizes])
    with pytest.raises(CnncalcError, match=why):
        summarized(tmp_path, sequential(image, keras("ReLU", "a")))


def inside(depth, calls, *innermost):
    """A model inside a model, and so on, each of which the one around it calls so often."""
    reads = [[["i", 0, 0]]]
    layers, name = [keras("InputLayer", "i"), *innermost], "i"
    for level in range(depth):
        inner = {"class_name": "Functional", "name": f"m{level}", "inbound_nodes": reads * calls,
                 "config": {"name": f"m{level}", "layers": layers,
                            "output_layers": [[name, 0, 0]]}}  # fmt: skip
        layers, name = [keras("InputLayer", "i"), inner], f"m{level}"
    layers[0] = keras("InputLayer", "i", batch_shape=[None, 8, 8, 3])
    return {"class_name": "Functional", "config": {"name": "outer", "layers": layers}}


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (inside(18, 9), "takes more than 200,000 steps to read"),
        (
            inside(1, 40, {**keras("Add", "a"), "inbound_nodes": [[["i", 0, 0]] * 5_000]}),
            "takes more than 200,000 steps to read",
        ),
        (
            inside(1, 40, {**keras("ReLU", "a", **dict.fromkeys(map(str, range(9_000)))),
                           "inbound_nodes": [[["i", 0, 0]]]}),
            "takes more than 200,000 steps to read",
        ),
        (inside(1, 1, keras("ReLU", "r" * 201)), "is longer than 200 characters"),
    ],
    ids=["calls", "inputs", "fields", "name"],
)  # fmt: skip
def test_models_that_keep_calling_one_another_are_refused(tmp_path, model, why):
    with pytest.raises(CnncalcError, match=why):
        summarized(tmp_path, model)


@pytest.mark.parametrize(
    ("name", "start"), [("net.cfg", "[net]\n"), ("net.prototxt", "layer { }\n")]
)
def test_a_long_text_is_refused_before_it_is_read(tmp_path, name, start):
    (tmp_path / name).write_text(f"{start}{'#' * 1_000_000}\n", encoding="utf-8")
    with pytest.raises(CnncalcError, match="the file has more than 1,000,000 characters"):
        cnncalc.summarize(tmp_path / name)


def test_an_archive_of_many_files_is_not_listed(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(sequential(IMAGE, CONV)))
        for number in range(2_000):
            archive.writestr(f"{number:09}", "")
    with pytest.raises(CnncalcError, match="is not an archive with a"):
        cnncalc.summarize(file)


def test_the_unpacked_size_of_an_archive_is_limited(tmp_path):
    file = tmp_path / "model.keras"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 30_000_000)
    with pytest.raises(CnncalcError, match="is longer than 5,000,000 bytes"):
        cnncalc.summarize(file)


def test_a_layer_of_caffe_without_a_bottom_has_no_input(tmp_path):
    file = tmp_path / "net.prototxt"
    file.write_text(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n'
        'layer { name: "r" type: "ReLU" top: "r" }\n'
    )
    with pytest.raises(CnncalcError, match="layer 'r' has no input"):
        cnncalc.summarize(file)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("net.cfg", "", "is empty; it needs a Darknet cfg, which begins with [net], or a spec"),
        ("net.prototxt", "", "is empty; it needs a Caffe prototxt, which has 'layer {', or a spec"),
        (
            "net.cfg",
            "hello\n",
            "this is neither a Darknet cfg, which begins with [net], nor a spec",
        ),
        ("net.cfg", "a: 1\n", "this is neither a Darknet cfg, which begins with [net], nor a spec"),
        ("net.prototxt", "hello\n", "neither a Caffe prototxt, which has 'layer {', nor a spec"),
        ("net.txt", "hello\n", "a spec must be a mapping, not plain text; start with 'input: "),
    ],
)
def test_a_text_that_is_not_a_network_is_refused_by_its_extension(tmp_path, name, text, says):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(CnncalcError) as refused:
        cnncalc.summarize(str(tmp_path / name))
    assert says in str(refused.value)
