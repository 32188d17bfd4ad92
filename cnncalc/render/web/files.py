"""The style and the script of the report pages."""

from pathlib import Path


def text_of(name: str) -> str:
    """The text of a file beside this one."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
