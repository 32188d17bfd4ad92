"""Model files of other tools for ``tests/hostile.py``: sound ones, which it damages."""

import io
import json
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

HUGE = (0, 1, 3, 7, 2**31, 2**63 - 1, 2**64 - 1, 10**30, 10**4000)
"""Numbers for sizes, most of them unusual."""


def size(random: Random, usual: int) -> int:
    """A size, now and then an unusual one."""
    return usual if random.random() < 0.97 else random.choice(HUGE)


SECTIONS: dict[str, dict[str, Any]] = {
    "convolutional": {"filters": 8, "size": 3, "stride": 1, "pad": 1, "activation": "leaky"},
    "maxpool": {"size": 2, "stride": 2},
    "route": {"layers": "-1,-2"},
    "shortcut": {"from": -1, "activation": "linear"},
    "upsample": {"stride": 2},
}


def darknet(random: Random) -> bytes:
    """A Darknet ``.cfg``."""
    n = random.choice((1, 3, 40, 5_000)) if random.random() < 0.1 else 3
    parts = [f"[net]\nwidth={size(random, 32)}\nheight={size(random, 32)}\nchannels=3\n"]
    for number in range(n):
        kind = random.choice([*SECTIONS]) if number > 1 else "convolutional"
        lines = [f"{name}={size(random, value) if isinstance(value, int) else value}"
                 for name, value in SECTIONS[kind].items() if random.random() < 0.98]  # fmt: skip
        parts.append(f"[{kind}]\n" + "\n".join(lines) + "\n")
    return "\n".join(parts).encode()


def caffe(random: Random) -> bytes:
    """A Caffe ``.prototxt``, now and then with deep nesting."""
    deep = random.choice((0, 0, 0, 0, 0, 0, 0, 70, 3_000))
    layer = (
        f'layer {{ name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param '
        f"{{ num_output: {size(random, 8)} kernel_size: {size(random, 3)} stride: 1 }} }}\n"
        f'layer {{ name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param '
        f"{{ pool: MAX kernel_size: {size(random, 2)} stride: 2 }} }}\n"
        'layer { name: "f" type: "InnerProduct" bottom: "p" top: "f" inner_product_param '
        f"{{ num_output: {size(random, 10)} }} }}\n"
    )
    inputs = f'name: "n"\ninput: "data"\ninput_dim: 1\ninput_dim: 3\ninput_dim: {size(random, 32)}'
    return f"{inputs}\ninput_dim: 32\n{'layer { ' * deep}{layer}{'}' * deep}".encode()


def keras_tree(random: Random) -> dict[str, Any]:
    """The configuration of a Keras model."""

    def one(kind: str, **config: Any) -> dict[str, Any]:
        return {"class_name": kind, "config": {"name": f"{kind}{random.randrange(99)}", **config}}

    shape = [None, size(random, 32), 32, 3]
    conv = {"filters": size(random, 8), "kernel_size": [3, size(random, 3)], "strides": [1, 1],
            "padding": "same", "activation": random.choice(("relu", "linear"))}  # fmt: skip
    layers = [one("InputLayer", batch_shape=shape), one("Conv2D", **conv),
              one("MaxPooling2D", pool_size=[2, 2]), one("Flatten"),
              one("Dense", units=size(random, 10))]  # fmt: skip
    inner: dict[str, Any] = {"name": "m", "layers": layers}
    for _ in range(random.choice((0, 0, 0, 0, 0, 0, 1, 30, 300))):
        inner = {"name": "m", "layers": [{"class_name": "Sequential", "config": inner}]}
    return {"class_name": "Sequential", "config": inner, "keras_version": "3.0"}


def keras_json(random: Random) -> bytes:
    """A Keras model as JSON; JSON of any depth is written by hand."""
    return json.dumps(keras_tree(random)).encode() if random.random() < 0.9 else b"[" * 100_000


def keras_zip(random: Random) -> bytes:
    """A ``.keras`` archive, now and then a bomb."""
    config = json.dumps(keras_tree(random)).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        match random.randrange(8):
            case 0:
                config += b" " * 10 ** random.choice((6, 7, 8))
            case 1:
                archive.writestr("../../config.json", config)
            case 2:
                for number in range(2_000):
                    archive.writestr(f"x{number}", "")
            case 3:
                archive.writestr("model.weights.h5", b"\0" * 10**7)
        if random.random() < 0.95:
            archive.writestr("config.json", config)
    return stream.getvalue()


Message = list[tuple[int, "int | str | Message"]]
"""The fields of a protobuf message: numbers, texts and messages."""


def varint(number: int) -> bytes:
    """A number in protobuf's encoding."""
    number &= 2**64 - 1
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def encoded(message: Message) -> bytes:
    """A message in protobuf's encoding."""
    made = bytearray()
    for number, value in message:
        if isinstance(value, int):
            made += varint(number << 3) + varint(value)
            continue
        data = value.encode() if isinstance(value, str) else encoded(value)
        made += varint(number << 3 | 2) + varint(len(data)) + data
    return bytes(made)


def tensor(random: Random, name: str, *sizes: int) -> Message:
    """An initializer without its data."""
    return [*((1, size(random, one)) for one in sizes), (2, 1), (8, name)]


def value_info(random: Random, name: str, *sizes: int) -> Message:
    """An input or an output of a graph."""
    dims: Message = [(1, [(1, size(random, one))]) for one in sizes]
    return [(1, name), (2, [(1, [(1, 1), (2, dims)])])]


def node(random: Random, kind: str, inputs: str, output: str, **integers: list[int]) -> Message:
    """A node with lists of integers as attributes."""
    attributes: Message = [
        (5, [(1, name), *((8, size(random, one)) for one in values), (20, 7)])
        for name, values in integers.items()
    ]
    return [*((1, word) for word in inputs.split()), (2, output), (4, kind), *attributes]


def onnx(random: Random) -> bytes:
    """An ONNX file, now and then with a cycle, a subgraph inside subgraphs, or very many nodes."""
    usual = random.random() < 0.7
    kind = "Relu" if usual else random.choice(("Sigmoid", "Shape", "Reshape", "If", "Loop", "Mine"))
    nodes = [
        node(random, "Conv", "x w b", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node(random, kind, "c" if usual else random.choice(("c", "c r", "m", "x x x")), "r"),
        node(random, "MaxPool", "r", "m", kernel_shape=[2, 2], strides=[2, 2]),
    ]
    nodes *= random.choice((1, 1, 1, 1, 1, 1, 1, 2, 3_000))
    graph: Message = [(1, one) for one in nodes]
    graph += [(2, "g"), (5, tensor(random, "w", 8, 3, 3, 3)), (5, tensor(random, "b", 8))]
    graph += [(11, value_info(random, "x", 1, 3, 32, 32)), (12, value_info(random, "m", 1, 8))]
    for _ in range(random.choice((0, 0, 0, 0, 0, 0, 0, 3, 200))):
        inside: Message = [(1, "then_branch"), (6, graph), (20, 5)]
        graph = [(1, [(1, "x"), (2, "y"), (4, "If"), (5, inside)]), *graph[-4:]]
    return encoded([(1, 8), (7, graph), (8, [(2, size(random, 17))])])


FILES: dict[str, Callable[[Random], bytes]] = {
    "net.cfg": darknet,
    "net.prototxt": caffe,
    "net.json": keras_json,
    "net.keras": keras_zip,
    "net.onnx": onnx,
}
"""The formats by the name of a file."""
