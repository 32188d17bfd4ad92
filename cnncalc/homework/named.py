"""What is named after its file."""

from typing import ClassVar


class Named:
    """A base of classes of which every file has one."""

    name: ClassVar[str]
    """The name of its file."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.__module__.rpartition(".")[2]

    @property
    def title(self) -> str:
        """The name in plain words."""
        return self.name.replace("_", " ")
