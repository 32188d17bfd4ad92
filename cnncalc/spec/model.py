"""A network that is known only after a framework's code has run."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from cnncalc.spec.entry import Spec


class Model(ABC):
    """Code that builds a network, which may depend on arguments and on the sizes of its inputs."""

    usual: ClassVar[tuple[int, ...]]
    """The sizes of the input unless others are given, channels first."""

    @abstractmethod
    def read(self, arguments: Mapping[str, Any], inputs: Mapping[str, Sequence[int]]) -> Spec:
        """The network for these arguments and these input sizes by name ("" for a single input).

        Raises UsageError if the code fails, and UsageError or SpecError for a model that a spec
        cannot express.
        """
