"""The HTML page around everything but a network's table: one style, no scripts.

It follows the reader's light or dark mode, and prints without cutting a row in two.
"""

from collections.abc import Iterable
from html import escape

STYLE = """\
:root { color-scheme: light dark; --line: #8886; --good: #2a7d3f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --good: #6fcf8a; --bad: #ff8a80; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3em 1em 0.3em 0; text-align: left; vertical-align: top; }
tr > * { border-bottom: 1px solid var(--line); }
math { margin: 0.5em 0 0.5em 1.5em; width: fit-content; }
ol > li { margin: 1.2em 0; }
ol ol > li { margin: 0.2em 0; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.number { text-align: right; white-space: nowrap; }
.bars { width: 100%; height: auto; fill: currentColor; font-size: 14px; text-anchor: middle; }
.bars rect { fill: var(--good); }
.small { font-size: smaller; opacity: 0.8; }
@media print {
  body { max-width: none; margin: 0; }
  thead { display: table-header-group; }
  tr, li, section { break-inside: avoid; }
}"""


def page(title: str, body: Iterable[str]) -> str:
    """A complete page with its title as the heading; ``body`` is HTML."""
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{STYLE}\n</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>",
        *body,
        "</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"
