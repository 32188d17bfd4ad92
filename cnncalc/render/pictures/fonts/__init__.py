"""The fonts of PNG and PDF pictures: Liberation Sans with fewer characters, and renamed as its
license (SIL Open Font License 1.1, in this folder) requires.
"""

from pathlib import Path

from cnncalc.core.errors import UsageError
from cnncalc.render.pictures.scene import Scene

FAMILY = "Cnncalc Sans"
FILES = [str(Path(__file__).parent / f"sans-{weight}.ttf") for weight in ("regular", "bold")]
RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3A1), (0x3A3, 0x3C9), (0x400, 0x45F))
OTHERS = "–—‘’“”•…←↑→↓−√∞≈≤≥"
"""The characters that the fonts have, besides the ``RANGES``."""


def check(scene: Scene, suffix: str) -> None:
    """Raise UsageError for a picture with characters that would be missing."""
    for text in scene.all_texts:
        for one in text.content:
            known = any(first <= ord(one) <= last for first, last in RANGES) or one in OTHERS
            if not known:
                raise UsageError(
                    f"the font for {suffix} files has no character {one!r}, which is in "
                    f"{text.content[:60]!r}; write an .svg file instead"
                )


def styled(svg: str) -> str:
    """An SVG that uses these fonts."""
    return svg.replace("font-family:Arial,", f"font-family:'{FAMILY}',Arial,")


def missing(package: str) -> UsageError:
    """The error if a converter is not installed."""
    help = "install it with pip install 'cnncalc[draw]'"
    return UsageError(f"this format needs {package}", help)
