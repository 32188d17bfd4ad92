"""The page of all commands."""

from typer.testing import CliRunner

from cnncalc import cli
from cnncalc.render.columns import COLUMNS
from generator.text import GENERATED, code, fenced, inline, table

WIDTH = 80


def page() -> str:
    """All commands with their help texts, and the columns of tables."""
    parts = [
        f"{GENERATED}# Commands",
        "Data goes to standard output, messages to standard error. The exit code is 0 on success, "
        "1 if the answer is no (a stride does not fit, an answer is wrong), and 2 if the input is "
        "invalid. If the reader of a pipe stops early, as `head` does, the exit code is 0. "
        "`cnncalc --debug COMMAND` prints the traceback of an error. Output is coloured "
        "only on a terminal, and not if `NO_COLOR` is set. To fit the terminal, headings and texts "
        "in tables wrap or are cut; numbers never are, so a table may still be wider.",
        fenced(help_of()),
    ]
    for name in cli.names():
        parts += [f"## cnncalc {name}", fenced(help_of(name))]
    rows = ((code(name), column.heading, inline(column.doc)) for name, column in COLUMNS.items())
    parts += [
        "## Columns",
        "`--columns` and `--sort` take these names:",
        table(("column", "heading", "meaning"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def help_of(*command: str) -> str:
    """What ``cnncalc COMMAND --help`` prints."""
    shown = CliRunner().invoke(
        cli.app, [*command, "--help"], prog_name="cnncalc", terminal_width=WIDTH
    )
    return "\n".join(line.rstrip() for line in shown.output.splitlines())
