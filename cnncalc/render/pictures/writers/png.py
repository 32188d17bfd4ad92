"""A PNG image, at twice the resolution of a screen; needs the extra ``draw``."""

from cnncalc.render.pictures import fonts
from cnncalc.render.pictures.metrics import PIXELS
from cnncalc.render.pictures.scene import Scene
from cnncalc.render.pictures.writers import svg

SUFFIX = ".png"
MEASURE = PIXELS
ZOOM = 2.0
MOST = 16_000
"""The most pixels along a side."""


def render(scene: Scene) -> bytes:
    """The whole file. Raises UsageError if the extra is not installed, and for characters that
    the fonts lack."""
    try:
        import resvg_py
    except ImportError:
        raise fonts.missing("resvg-py") from None
    fonts.check(scene, SUFFIX)
    zoom = min(ZOOM, MOST / max(scene.width, scene.height))
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=fonts.styled(svg.text(scene)),
            zoom=zoom,
            dpi=96,
            skip_system_fonts=True,
            font_files=fonts.FILES,
        )
    )
