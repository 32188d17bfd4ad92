"""The command line: one file per command, discovered automatically and imported when it runs.

Exit codes: 0 success, 1 the answer is "no", 2 invalid input, 130 interrupted. Results go to
standard output, messages to standard error.
"""

import errno
import io
import sys
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup, TyperOption

from cnncalc import __version__
from cnncalc.cli import _errors, _help
from cnncalc.core import discovery
from cnncalc.core.errors import CnncalcError, UsageError


def names() -> tuple[str, ...]:
    """The names of all commands, as they are typed."""
    return tuple(name.replace("_", "-") for name in discovery.modules(__path__))


class Commands(TyperGroup):
    """A group that imports a command's file only when the command is used or listed."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Names without commands are enough to suggest the nearest one.
        self.commands = dict.fromkeys(names())  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands, in alphabetical order."""
        return [*names()]

    def make_context(self, *given: Any, **named: Any) -> Any:
        """Read the arguments, which may print the help."""
        with _errors.ended_early():
            return super().make_context(*given, **named)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the options before the command."""
        with _errors.in_context(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _errors.ended_early():
            return super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command with this name, or None."""
        if cmd_name not in names():
            return None
        module = import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        settings = {**_help.SETTINGS, **getattr(module, "SETTINGS", {})}
        single.command(cmd_name, cls=_help.Command, context_settings=settings)(module.run)
        command = typer.main.get_command(single)
        command.name = cmd_name
        if {"spec", "specs", "network", "n"} & {param.name for param in command.params}:
            command.params.append(_extends_anywhere())
        return command

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the text without the examples."""
        _help.write_prose(self.help, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by task."""
        commands = {name: self.get_command(ctx, name) for name in names()}
        _help.write_commands(commands, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        _help.write_examples(self.help, formatter)


def _allow_anywhere(ctx: Any, param: Any, wanted: bool) -> None:
    from cnncalc.spec import source  # only commands that read a spec need it

    source.outside.set(bool(wanted))


def _extends_anywhere() -> TyperOption:
    """The option ``--extends-anywhere``, which every command that takes a network has."""
    return TyperOption(
        param_decls=["--extends-anywhere"],
        is_flag=True,
        default=False,
        expose_value=False,
        callback=_allow_anywhere,
        help="Let a spec extend files outside its own folder.",
    )


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_help.SETTINGS,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cnncalc {__version__}")
        raise typer.Exit


@app.callback(no_args_is_help=True)
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Calculate the exact shapes, parameters, operations and memory of convolutional networks.

    Describe a network in a few lines of YAML or in one line, or name a built-in one. Run
    'cnncalc COMMAND --help' for the options of a command.

    cnncalc summarize vgg16
    cnncalc summarize 1x28x28-32C5-MP2-10N
    cnncalc explain alexnet conv1
    cnncalc check-stride 7 3 3
    """


def main() -> NoReturn:
    """Run a command. Invalid input ends it with a message and exit code 2."""
    _prepare_streams()
    try:
        sys.exit(app(prog_name="cnncalc", standalone_mode=False))
    except NotUsable as error:
        if isinstance(error, CnncalcError) and "--debug" in sys.argv:
            raise
        _show(error)
    except OSError as error:
        if "--debug" in sys.argv or error.errno == errno.ENOMEM:
            raise
        _errors.show(UsageError(f"cannot write: {error.strerror or error}"))
    sys.exit(2)


def _prepare_streams() -> None:
    """Replace closed output streams, and let streams replace characters outside their encoding."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the parent process
            setattr(sys, name, io.TextIOWrapper(io.BytesIO()))
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


NotUsable: tuple[Any, ...] = (CnncalcError, *typer.BadParameter.__mro__[1:3])
"""cnncalc's errors, and typer's usage errors."""


def _show(error: Any) -> None:
    if isinstance(error, CnncalcError):
        _errors.show(error)
    elif type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # prints the help
    else:
        _errors.show(_errors.usage(error))
