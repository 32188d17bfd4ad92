"""Generate the pages that come from the code: ``python docs/generate.py``.

Kinds come from their classes, architectures from their files, commands from their help texts. A
test checks that the generated pages are current.
"""

import typer
from generator import commands, kinds, mistakes, networks, parts
from generator.terminal import picture
from generator.text import ROOT, read


def pages() -> dict[str, str]:
    """The text of every file that is generated in whole or in part, by its path."""
    reconcile = parts.replace("conventions", parts.conventions_table(), read("docs/reconcile.md"))
    importing = read("docs/importing.md")
    return {
        "CONTRIBUTING.md": parts.new_files(read("CONTRIBUTING.md")),
        "docs/architectures.md": networks.architectures_page(),
        "docs/cli.md": commands.page(),
        "docs/conventions.md": parts.formulas(read("docs/conventions.md")),
        "docs/importing.md": parts.replace("operations", parts.operations(), importing),
        "docs/kinds.md": kinds.page(),
        "docs/mistakes.md": mistakes.page(),
        "docs/memory_table.md": networks.memory_page(),
        "docs/reconcile.md": parts.replace("totals", parts.totals_table(), reconcile),
        "docs/spec.md": parts.replace("keys", parts.keys_table(), read("docs/spec.md")),
        "docs/summarize.svg": picture("summarize", "lenet5"),
        "docs/gallery.md": networks.gallery_page(),
        **networks.pictures(),
    }


def main() -> None:
    """Write every file that has changed."""
    for path, text in pages().items():
        file = ROOT / path
        if not file.exists() or read(path) != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            typer.echo(f"wrote {path}")


if __name__ == "__main__":
    main()
