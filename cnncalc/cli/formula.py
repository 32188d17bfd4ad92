"""``cnncalc formula``: the cost of a network as a formula."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.analysis.explore.quantities import QUANTITIES
from cnncalc.cli import _complete as complete
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, one_of

if TYPE_CHECKING:
    from cnncalc.analysis.explore.symbols import Formula

Quantity = Annotated[
    str,
    typer.Argument(
        help=f"What to compute: {one_of(list(QUANTITIES))}.",
        autocompletion=complete.words(lambda: QUANTITIES),
    ),
]
In = Annotated[
    str,
    typer.Option(
        "--in",
        metavar="NAMES",
        help="The variables: input (H and W), batch, or parameters of the spec.",
    ),
]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at", metavar="NAME=VALUE", help="Give a variable a value: H=224.", show_default=False
    ),
]


def _text(found: "Formula") -> str:
    return "\n".join([str(found), *found.remarks(), ""])


def _json(found: "Formula") -> str:
    return json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n"


FORMATS = {"text": _text, "latex": lambda found: found.latex() + "\n", "json": _json}


def run(
    spec: options.Spec,
    quantity: Quantity = "macs",
    names: In = "input",
    at: At = None,
    format: Annotated[str | None, options.text_format(*FORMATS)] = None,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    dtype: options.Dtype = None,
    output: options.TextOutput = None,
) -> None:
    """Write the cost of a network as a formula in its input size, batch size or parameters.

    The layers themselves compute the formula, with symbols in place of numbers; ⌈ ⌉ rounds up,
    ⌊ ⌋ rounds down, and [ ] is 1 if the condition inside holds and 0 otherwise. Below the formula,
    you see where it holds and how the cost grows. Requires SymPy: pip install 'cnncalc[formula]'.

    cnncalc formula resnet50 macs

    cnncalc formula resnet50 macs --in input,batch --at H=224

    cnncalc formula mobilenet_v2 params --in width --format latex
    """
    from importlib.util import find_spec

    from cnncalc.api import formula

    if find_spec("sympy") is None:
        raise UsageError("formula needs SymPy", "install it with pip install 'cnncalc[formula]'")
    chosen = shared.chosen_format(format, output, FORMATS)
    values: dict[str, Any] = shared.settings_of(at, "--at", "H=224")
    for name, number in values.items():
        if "," in str(number):
            fact = f"--at: {name} must be a number, not {str(number)[:60]!r}"
            raise UsageError(fact, "repeat --at for each variable")
    with shared.typed(at="--at"):
        found = formula(
            shared.named(spec), quantity, [name.strip() for name in names.split(",")], at=values,
            batch=batch, dtype=dtype, input=shared.inputs_of(input),
            settings=shared.settings_for(spec, settings),
        )  # fmt: skip
    shared.write(FORMATS[chosen](found), output)
