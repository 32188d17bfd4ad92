"""A network that is only known after a framework's code has run."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from cnncalc.spec.entry import Spec


class Model(ABC):
    """Code that makes a network; the network may depend on arguments and on the size of its
    input."""

    usual: ClassVar[tuple[int, ...]]
    """The sizes of the input unless others are given, channels first."""

    @abstractmethod
    def read(self, arguments: Mapping[str, Any], inputs: Mapping[str, Sequence[int]]) -> Spec:
        """The network for these arguments and these inputs: by name, or "" for a single one.

        Raises UsageError if the code fails.
        """
