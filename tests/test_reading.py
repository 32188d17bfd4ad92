"""The functions that read models of other tools: files, text, and models in memory."""

import json
import os
import zipfile

import pytest
from onnx_bytes import model, node, tensor

import cnncalc
from cnncalc import Mistakes, UsageError

CFG = """[net]
width=32
height=32
channels=3
[convolutional]
filters=8
size=3
pad=1
activation=leaky
"""
PROTOTXT = """name: "tiny"
layer { name: "c" type: "Convolution" bottom: "data" top: "c"
  convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }
"""
WEIGHTS = tensor("w", (8, 3, 3, 3), data=b"\0" * 864), tensor("b", (8,), data=b"\0" * 32)
ONNX = model([node("Conv", "x w b", "y", pads=[1, 1, 1, 1])], WEIGHTS, (("x", (1, 3, 32, 32)),))
KERAS = {
    "class_name": "Sequential",
    "config": {
        "name": "tiny",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, None, None, 3]}},
            {
                "class_name": "Conv2D",
                "config": {"name": "c", "filters": 8, "kernel_size": [3, 3], "padding": "same"},
            },
        ],
    },
}
SIZE = (3, 32, 32)


class Live:
    """A stand-in for a model of Keras."""

    def to_json(self):
        return json.dumps(KERAS)


class Proto:
    """A stand-in for a ModelProto."""

    def SerializeToString(self):
        return ONNX


def archive(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(KERAS))
    return path


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


FORMS = {
    "onnx bytes": lambda folder: cnncalc.from_onnx(ONNX),
    "onnx in memory": lambda folder: cnncalc.from_onnx(Proto()),
    "onnx path": lambda folder: cnncalc.from_onnx(written(folder / "net.bin", ONNX)),
    "onnx name": lambda folder: cnncalc.from_onnx(str(written(folder / "net.onnx", ONNX))),
    "keras in memory": lambda folder: cnncalc.from_keras(Live(), SIZE),
    "keras data": lambda folder: cnncalc.from_keras(KERAS, SIZE),
    "keras JSON": lambda folder: cnncalc.from_keras(json.dumps(KERAS), SIZE),
    "keras path": lambda folder: cnncalc.from_keras(
        written(folder / "net.txt", json.dumps(KERAS)), SIZE
    ),
    "keras archive": lambda folder: cnncalc.from_keras(archive(folder / "net.keras"), SIZE),
    "caffe text": lambda folder: cnncalc.from_caffe(PROTOTXT, SIZE),
    "caffe path": lambda folder: cnncalc.from_caffe(written(folder / "net.txt", PROTOTXT), SIZE),
    "darknet text": lambda folder: cnncalc.from_darknet(CFG),
    "darknet path": lambda folder: cnncalc.from_darknet(written(folder / "net.txt", CFG)),
}


@pytest.mark.parametrize("read", FORMS.values(), ids=FORMS)
def test_a_model_is_read_in_any_form(tmp_path, read):
    spec = read(tmp_path)
    assert isinstance(spec, cnncalc.Spec)
    assert cnncalc.load(spec) is spec
    report = cnncalc.summarize(spec)
    assert report.input_shape == SIZE
    assert report.totals.params == 8 * (27 + 1)
    assert report.totals.macs == 8 * 27 * 32 * 32


GIVEN = [
    (cnncalc.from_onnx, ONNX),
    (cnncalc.from_keras, Live()),
    (cnncalc.from_caffe, f'input: "data" input_dim: [1, 3, 8, 8] {PROTOTXT}'),
    (cnncalc.from_darknet, CFG),
]


@pytest.mark.parametrize(("function", "content"), GIVEN)
@pytest.mark.parametrize(
    ("input", "layout"),
    [
        ((3, 16, 24), None),
        ("3x16x24", None),
        ({"input": [3, 16, 24]}, "chw"),
        ((16, 24, 3), "hwc"),
    ],
)
def test_the_input_replaces_the_one_that_the_model_states(function, content, input, layout):
    report = cnncalc.summarize(function(content, input, layout))
    assert report.input_shape == (3, 16, 24)
    assert report.totals.macs == 8 * 27 * 16 * 24


@pytest.mark.parametrize(("function", "content"), GIVEN)
def test_channels_that_come_last_are_never_taken_for_the_height(function, content):
    with pytest.raises(UsageError, match="looks as if its channels come last; write 3x32x32"):
        function(content, (32, 32, 3))


def test_channels_that_come_last_are_refused_for_the_file_of_another_tool(tmp_path):
    file = written(tmp_path / "net.json", json.dumps(KERAS))
    with pytest.raises(UsageError, match="looks as if its channels come last; write 3x32x32"):
        cnncalc.summarize(file, input="32x32x3")
    assert cnncalc.summarize(file, input="32x32x3", layout="hwc").totals.params == 224
    assert cnncalc.summarize(file, input="32x32x3", layout="chw").totals.params == 8 * (9 * 32 + 1)


@pytest.mark.parametrize(("function", "content"), GIVEN)
def test_an_input_of_another_name_is_refused(function, content):
    with pytest.raises(UsageError, match="no input 'images'; its only input is called 'input'"):
        function(content, {"images": SIZE})


@pytest.mark.parametrize("function", [cnncalc.from_keras, cnncalc.from_caffe])
def test_an_input_that_nobody_gives_is_asked_for(function):
    content = Live() if function is cnncalc.from_keras else PROTOTXT
    with pytest.raises(Mistakes, match="--input 3x224x224"):
        function(content)


TEXTS = (cnncalc.from_keras, cnncalc.from_caffe, cnncalc.from_darknet)
NAMES = {
    cnncalc.from_onnx: "an ONNX model",
    cnncalc.from_keras: "a Keras model",
    cnncalc.from_caffe: "a Caffe prototxt",
    cnncalc.from_darknet: "a Darknet cfg",
}


@pytest.mark.parametrize("function", NAMES)
def test_a_file_in_another_format_is_refused(tmp_path, function):
    file = written(tmp_path / "net.yaml", "input: 3x8x8\nlayers: [relu]\n")
    with pytest.raises(UsageError, match=f"net.yaml' is not {NAMES[function]}; cnncalc.load rec"):
        function(file)


@pytest.mark.parametrize("function", TEXTS)
def test_a_file_that_no_text_reader_takes_is_refused_with_what_to_do(tmp_path, function):
    file = written(tmp_path / "net.h5", b"\x89HDF\r\n\xff")
    with pytest.raises(Mistakes, match="an HDF5 file cannot be read; save the Keras model as"):
        function(file)


@pytest.mark.parametrize("function", TEXTS)
def test_text_in_another_format_is_refused(function):
    with pytest.raises(UsageError, match=f"^this is not {NAMES[function]}"):
        function("input: 3x8x8\nlayers: [relu]\n")


@pytest.mark.parametrize("data", [b"", b"junk", b"\x08"])
def test_bytes_that_are_not_a_model_are_refused(data):
    with pytest.raises(UsageError, match=r"^this is not an ONNX model"):
        cnncalc.from_onnx(data)


def test_a_model_that_is_cut_off_is_refused():
    with pytest.raises(Mistakes, match="the file is damaged or cut off"):
        cnncalc.from_onnx(ONNX[:200])


@pytest.mark.parametrize("function", NAMES)
@pytest.mark.parametrize("path", ["missing", "", "a\0b", "long" * 2_000])
def test_a_path_that_does_not_exist_is_refused(function, path):
    with pytest.raises(UsageError, match=r"^no file|is a folder"):
        function(path)


@pytest.mark.parametrize("function", NAMES)
def test_a_pipe_is_not_waited_for(tmp_path, function):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="cannot be read as a file"):
        function(tmp_path / "pipe")


@pytest.mark.parametrize("function", TEXTS)
def test_a_text_of_any_length_is_refused_at_once(function):
    content = {cnncalc.from_keras: json.dumps(KERAS), cnncalc.from_caffe: PROTOTXT}
    with pytest.raises(Mistakes, match="is longer than 5,000,000 bytes"):
        function(content.get(function, CFG) + " " * 5_000_000)


class Broken:
    def to_json(self):
        raise NotImplementedError("override\nget_config")


def test_a_live_model_that_keras_cannot_describe_is_refused():
    with pytest.raises(UsageError, match=r"^Broken cannot be written as JSON: override get_conf"):
        cnncalc.from_keras(Broken())


def test_a_model_of_an_own_class_is_refused():
    with pytest.raises(Mistakes, match="this describes 'Mine', not a Sequential or functional mod"):
        cnncalc.from_keras({"class_name": "Mine", "config": {}})


@pytest.mark.parametrize("function", [*NAMES, cnncalc.from_torch])
@pytest.mark.parametrize("other", [3, None, [], object()])
def test_an_argument_of_another_type_is_refused(function, other):
    with pytest.raises(UsageError, match=f"reads .*, not {type(other).__name__}$"):
        function(other)


@pytest.mark.parametrize(
    ("model", "right"), [(Live(), "from_keras"), (Proto(), "from_onnx")], ids=["keras", "onnx"]
)
@pytest.mark.parametrize("function", [cnncalc.summarize, cnncalc.from_torch, cnncalc.from_caffe])
def test_a_model_of_another_tool_is_referred_to_its_function(function, model, right):
    with pytest.raises(UsageError, match=f"; read a model with cnncalc.{right}$"):
        function(model)


def test_a_pytorch_model_is_referred_to_from_torch():
    torch = pytest.importorskip("torch")
    with pytest.raises(UsageError, match=r"not ReLU; read a model with cnncalc.from_torch$"):
        cnncalc.from_onnx(torch.nn.ReLU())
