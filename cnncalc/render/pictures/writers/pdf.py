"""A PDF page with embedded fonts, for LaTeX and for print; needs the extra ``draw``."""

from cnncalc.render.pictures import fonts
from cnncalc.render.pictures.metrics import PIXELS
from cnncalc.render.pictures.scene import Scene
from cnncalc.render.pictures.writers import svg

SUFFIX = ".pdf"
MEASURE = PIXELS


def render(scene: Scene) -> bytes:
    """The whole file. Raises UsageError if the extra is not installed, and for characters that
    the fonts lack."""
    try:
        import svg2pdf_py
    except ImportError:
        raise fonts.missing("svg2pdf-py") from None
    fonts.check(scene, SUFFIX)
    database = svg2pdf_py.FontDatabase()
    for path in fonts.FILES:
        database.load_font_file(path)
    return bytes(svg2pdf_py.svg_to_pdf(fonts.styled(svg.text(scene)), database))
