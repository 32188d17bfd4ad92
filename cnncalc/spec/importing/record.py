"""The recording of a model's run as plain data: its tensors, and the calls that made them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Ref(NamedTuple):
    """A tensor among the arguments of a call, by its number."""

    number: int


class Seen(NamedTuple):
    """A tensor. A size of −k stands for k times the batch size.

    ``origin`` is input, parameter, buffer or constant, or empty for the result of a call; ``name``
    is that of an input, a parameter or a buffer. ``trainable`` means that it needs a gradient, even
    if the input needs none. ``strides`` are those of the run with a batch of 2, ``alone`` those of
    a run with a single image. ``storage`` identifies its storage, which has room for ``room``
    elements; −k stands for k times the batch size, and 0 means that this is not known, or that its
    elements and those of the model's parameters differ in size. ``boolean`` means that its elements
    are booleans.
    """

    sizes: tuple[int, ...]
    origin: str = ""
    name: str = ""
    trainable: bool = False
    strides: tuple[int, ...] = ()
    storage: int = 0
    room: int = 0
    boolean: bool = False
    alone: tuple[int, ...] = ()


class Done(NamedTuple):
    """A call: the name of the function, the path of the module that called it, its arguments by
    name, and the numbers of the tensors that it made. ``macs`` are those that PyTorch counts for
    one image. ``stored`` identifies the storages of the tensors that it made. For a call that
    depends on no input, ``saved`` has the bytes of each storage that it saves for backward, except
    parameters and buffers, with −k for k times the batch size; None for other calls, and if the
    bytes are not known."""

    name: str
    path: str
    arguments: Mapping[str, Any]
    made: tuple[int, ...]
    macs: int = 0
    stored: tuple[int, ...] = ()
    saved: Mapping[int, int] | None = None


class Recording(NamedTuple):
    """The recording of a whole run."""

    name: str
    tensors: Sequence[Seen]
    calls: Sequence[Done]
    outputs: tuple[int, ...]
    unused: tuple[str, ...] = ()
    """The parameters that no call used."""
    dtype: str = ""
    """The floating-point type of all parameters and buffers, if a network can have it and it is not
    float32."""
