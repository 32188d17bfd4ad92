"""The public functions that read models of other tools: from files, from text, or in memory."""

import os
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from cnncalc.core.errors import Mistakes, SpecError, UsageError, Where, unreadable
from cnncalc.core.shape import layout_of
from cnncalc.spec import Spec, advice, load, readers
from cnncalc.spec.files import check_ordinary, decoded, described, is_there
from cnncalc.spec.inputs import Shapes, resized, sizes_by_name
from cnncalc.spec.text import located

Inputs = Shapes | Mapping[str, Shapes] | None
Sizes = Mapping[str, Sequence[int]]
ANY_FILE = "cnncalc.load recognizes every format that cnncalc reads"


def from_onnx(model: Any, input: Inputs = None, layout: str | None = None) -> Spec:
    """Read an ONNX model. The result is a spec like those that ``load`` returns.

    ``model`` is a path, the content of a file as bytes, or a ``ModelProto``. ``input`` is the shape
    of the input without the batch, or a mapping of shapes by name, for sizes that the model leaves
    open or that are to be replaced; ``layout`` says how it is written, as for ``summarize``. Large
    weights are not read. Raises Mistakes for a broken model and for what a spec cannot express, and
    UsageError for an invalid argument or another kind of model.
    """
    if hasattr(model, "SerializeToString"):
        model = model.SerializeToString()
    if isinstance(model, bytes):
        return _from_stream("onnx", BytesIO(model), "", input, layout)
    path = _path("from_onnx", model, "a path, bytes or a ModelProto")
    try:
        with path.open("rb") as stream:
            return _from_stream("onnx", stream, str(path), input, layout)
    except OSError as why:
        raise unreadable(path, why) from None


def from_keras(model: Any, input: Inputs = None, layout: str | None = None) -> Spec:
    """Read a Keras model. The result is a spec like those that ``load`` returns.

    ``model`` is a live model of Keras 2 or 3, the JSON from ``model.to_json()`` as text or as plain
    data, or the path of a ``.json`` or ``.keras`` file. ``input`` and ``layout`` are those of
    ``from_onnx``; a shape like ``(224, 224, 3)`` needs ``layout="hwc"``. Weights are not read.
    Raises Mistakes for a broken model and for what a spec cannot express, and UsageError for an
    invalid argument or another kind of model.
    """
    if hasattr(model, "to_json"):
        return _parsed("keras", _described_by(model), "", input, layout)
    if isinstance(model, Mapping):
        import json

        return _parsed("keras", json.dumps(model, default=str), "", input, layout)
    return _from_text("keras", model, input, layout, "a model, JSON or a path")


def from_caffe(
    model: str | os.PathLike[str], input: Inputs = None, layout: str | None = None
) -> Spec:
    """Read a Caffe network. The result is a spec like those that ``load`` returns.

    ``model`` is the path of a ``.prototxt`` or its text. ``input``, ``layout`` and the errors are
    those of ``from_onnx``.
    """
    return _from_text("caffe", model, input, layout)


def from_darknet(
    model: str | os.PathLike[str], input: Inputs = None, layout: str | None = None
) -> Spec:
    """Read a Darknet network. The result is a spec like those that ``load`` returns.

    ``model`` is the path of a ``.cfg`` or its text. ``input``, ``layout`` and the errors are those
    of ``from_onnx``.
    """
    return _from_text("darknet", model, input, layout)


def _described_by(model: Any) -> str:
    """The JSON that describes a live Keras model."""
    try:
        return cast(str, model.to_json())
    except Exception as why:  # the user's own layers may raise anything
        text = " ".join(str(why).split())[:300].rstrip(".")
        fact = f"{type(model).__name__} cannot be written as JSON: {text or type(why).__name__}"
        raise UsageError(fact, "read a Sequential or functional model of Keras's layers") from why


def _from_stream(
    name: str, stream: BinaryIO, source: str, input: Inputs, layout: str | None
) -> Spec:
    """The spec of a model in a binary format."""
    reader = readers.binary(name)
    if not reader.begins(stream.read(readers.BEGINNING)):
        raise _other_format(source, reader.NAME)
    return _spec(lambda sizes: reader.read(stream, source, sizes), source, input, layout)


def _from_text(
    name: str, model: Any, input: Inputs, layout: str | None, takes: str = "a path or text"
) -> Spec:
    """The spec of a model in a text format, given as text or as a path."""
    if isinstance(model, str) and ("\n" in model or readers.textual(name).is_it(model)):
        return _parsed(name, model, "", input, layout)
    path = _path(f"from_{name}", model, takes)
    try:
        if sentence := advice.UNREADABLE.get(path.suffix.lower().removeprefix(".")):
            raise SpecError(sentence, Where(str(path)))
        return _parsed(name, described(path), str(path), input, layout)
    except SpecError as why:
        raise Mistakes([why]) from None


def _parsed(name: str, text: str, source: str, input: Inputs, layout: str | None) -> Spec:
    """The spec of a model's text."""
    reader = readers.textual(name)
    if not reader.is_it(text):
        raise _other_format(source, reader.NAME)

    def read(sizes: Sizes) -> dict[str, Any]:
        return reader.read(decoded(text.encode(errors="replace"), source), source, sizes)

    return _spec(read, source, input, layout)


def _path(function: str, model: Any, takes: str) -> Path:
    """The path of a model; raises UsageError for anything else."""
    if not isinstance(model, str | os.PathLike):
        fact = f"{function} reads {takes}, not {type(model).__name__}"
        raise UsageError(fact, advice.live_model(model))
    path = Path(model)
    if not is_there(path):
        raise unreadable(path, FileNotFoundError())
    check_ordinary(path)
    return path


def _other_format(source: str, name: str) -> UsageError:
    """The error for a model that is not of the kind called ``name``."""
    if source:
        return UsageError(f"{source!r} is not {name}", ANY_FILE)
    return UsageError(f"this is not {name}", f"save it as a file: {ANY_FILE}")


def _spec(
    read: Callable[[Sizes], dict[str, Any]], source: str, input: Inputs, layout: str | None
) -> Spec:
    """The spec that a reader returns for the given sizes, with these sizes as its inputs."""
    sizes = sizes_by_name(input, layout_of(layout))
    try:
        tree = located(read(sizes), Where(source))
    except SpecError as why:
        raise Mistakes([why]) from None
    return resized(load(tree), sizes)
