"""Classes that are named after their files."""

from typing import ClassVar


class Named:
    """The base of classes that each have their own file."""

    name: ClassVar[str]
    """The name of the file, without its extension."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__module__.rpartition(".")[2]

    @property
    def title(self) -> str:
        """The name in plain words."""
        return self.name.replace("_", " ")
