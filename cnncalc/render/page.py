"""The HTML page around everything that is written as HTML, except a table in a notebook.

It follows the reader's light or dark mode, and prints without cutting a row in two. Its content
security policy allows no requests, and only the styles and the script of the page itself.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape

STYLE = """\
:root { color-scheme: light dark; --line: #8886; --good: #2a7d3f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --good: #6fcf8a; --bad: #ff8a80; } }
body {
  font: 1rem/1.5 system-ui, sans-serif; color: CanvasText; background: Canvas;
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
}
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3em 1em 0.3em 0; text-align: left; vertical-align: top; }
tr > * { border-bottom: 1px solid var(--line); }
math { display: block math; math-style: normal; margin: 0.5em 0 0.5em 1.5em; width: fit-content; }
ol > li { margin: 1.2em 0; }
ol ol > li { margin: 0.2em 0; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.small { font-size: smaller; opacity: 0.8; }
@media print {
  body { max-width: none; margin: 0; }
  h2, h3 { break-after: avoid; }
  thead { display: table-header-group; }
  tr, li, section { break-inside: avoid; }
}"""


def page(
    title: str, body: Iterable[str], style: str = "", script: str = "", styles: Sequence[str] = ()
) -> str:
    """A complete page with its title as the heading; ``body`` is HTML.

    ``style`` is added to the page's own. ``styles`` are the texts of the ``<style>`` elements in
    the body, such as a picture's; browsers apply no others.
    """
    own = f"\n{STYLE}\n{style}\n" if style else f"\n{STYLE}\n"
    policy = f"default-src 'none'; style-src {_hashes([own, *styles])}"
    if script:
        policy += f"; script-src {_hashes([script])}"
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{own}</style>\n</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>",
        *body,
        "</main>",
        *([f"<script>{script}</script>"] if script else []),
        "</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"


def _hashes(texts: Iterable[str]) -> str:
    digests = (b64encode(sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
