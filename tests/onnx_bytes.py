"""Write small ONNX files for tests, following the definition of the format."""

import struct


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """A field: an integer, a float, a string, bytes or a nested message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*pairs):
    return b"".join(field(number, value) for number, value in pairs)


def tensor(name, sizes, dtype=1, data=b""):
    """A tensor; weights need no data, since nothing reads them."""
    return message(*[(1, size) for size in sizes], (2, dtype), (8, name), (9, data))


def integers(name, *values):
    return tensor(name, [len(values)], 7, struct.pack(f"<{len(values)}q", *values))


def floats(name, *values):
    return tensor(name, [len(values)], 1, struct.pack(f"<{len(values)}f", *values))


def number(name, value):
    return tensor(name, [], 1, struct.pack("<f", value))


def attribute(name, value):
    if isinstance(value, str):
        return message((1, name), (4, value), (20, 3))
    if isinstance(value, Graph):
        return message((1, name), (6, value), (20, 5))
    if isinstance(value, bytes):
        return message((1, name), (5, value), (20, 4))  # a tensor
    if isinstance(value, float):
        return message((1, name), (2, value), (20, 1))
    if isinstance(value, int):
        return message((1, name), (3, value), (20, 2))
    if isinstance(value[0], str):
        return message((1, name), *[(9, one) for one in value], (20, 8))
    return message((1, name), *[(8, one) for one in value], (20, 7))


def graph(nodes, outputs, inputs=(), weights=()):
    """An attribute's value: a graph inside a node, as the branch of a condition."""
    return Graph(
        message(
            *[(1, one) for one in nodes],
            *[(5, one) for one in weights],
            *[(11, value(*one)) for one in inputs],
            *[(12, value(one, ())) for one in outputs],
        )
    )


class Graph(bytes):
    """The bytes of a graph."""


def node(kind, inputs, outputs, name="", domain="", scopes=None, **attributes):
    """A node; inputs and outputs are names, separated by spaces."""
    parts = [(1, one) for one in inputs.split(" ")] if inputs else []
    parts += [(2, one) for one in outputs.split(" ")]
    parts += [(3, name), (4, kind), (7, domain)]
    parts += [(5, attribute(key, value)) for key, value in attributes.items()]
    if scopes is not None:
        parts += [(9, message((1, "pkg.torch.onnx.name_scopes"), (2, repr(scopes))))]
    return message(*parts)


def call(kind, fields, inputs="x", outputs="y", **attributes):
    """A node that calls a function of ours; ``fields`` is its JSON."""
    return node(kind, inputs, outputs, domain="cnncalc", fields=fields, **attributes)


def function(kind, *body, inputs="a", outputs="b", domain="cnncalc", opset=21):
    """A function of ours, by default with a single operator."""
    return message(
        (1, kind),
        *[(4, one) for one in inputs.split(" ")],
        *[(5, one) for one in outputs.split(" ")],
        (6, "fields"),
        *[(7, one) for one in body or [node("Identity", "a", "b")]],
        (9, message((2, opset))),
        (10, domain),
    )


def constant(output, value):
    """A node that makes a tensor."""
    return node("Constant", "", output, value=value)


def value(name, sizes):
    """A tensor's name and sizes; a string is a symbolic size."""
    dims = [(1, message((2 if isinstance(size, str) else 1, size))) for size in sizes]
    return message((1, name), (2, message((1, message((1, 1), (2, message(*dims)))))))


def model(nodes, weights=(), inputs=(("x", (1, 3, 8, 8)),), outputs=("y",), opset=20, values=(),
          functions=(), version=1):  # fmt: skip
    """A file: nodes in order, tensors, and the inputs with their sizes."""
    graph = message(
        *[(1, one) for one in nodes],
        (2, "graph"),
        *[(5, one) for one in weights],
        *[(11, value(*one)) for one in inputs],
        *[(12, value(one, ())) for one in outputs],
        *[(13, value(*one)) for one in values],
    )
    versions = [message((2, opset)), message((1, "cnncalc"), (2, version))]
    return message(
        (1, 10),
        (2, "tests"),
        (7, graph),
        *[(8, one) for one in versions[: 1 + bool(functions)]],
        *[(25, one) for one in functions],
    )
