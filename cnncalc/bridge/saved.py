"""The tensors that autograd saves for the backward pass."""

from collections.abc import Iterable
from typing import Self
from weakref import WeakSet

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


class SavedTensors(saved_tensors_hooks):
    """A context in which autograd's saved tensors are counted.

    ``bytes`` is what autograd still holds of them: every storage once, without those of ``own``,
    the parameters and buffers. Keep the outputs until it is read, because their graph holds the
    saved tensors.
    """

    def __init__(self, own: Iterable[Tensor]) -> None:
        self._own = {one.untyped_storage()._cdata: one.untyped_storage() for one in own}
        self._held: WeakSet[_Held] = WeakSet()
        super().__init__(self._pack, lambda held: held.tensor)

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def _pack(self, tensor: Tensor) -> "_Held":
        held = _Held(tensor.detach())  # a tensor with its graph would keep itself alive
        self._held.add(held)
        return held

    @property
    def bytes(self) -> int:
        """The bytes that are held now."""
        storages = [held.tensor.untyped_storage() for held in self._held]
        kept = {one._cdata: one.nbytes() for one in storages if one._cdata not in self._own}
        return sum(kept.values())


class _Held:
    """A saved tensor, until PyTorch frees the graph that it belongs to."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
