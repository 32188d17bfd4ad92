"""``cnncalc solve``: the windows that give a size, or the largest network within a budget."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from cnncalc import api
from cnncalc.cli import _complete as complete
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.core.shape import MAX_DIGITS
from cnncalc.derivations.stride import Axis, Solution, equation
from cnncalc.formulas import window

LARGEST = 101
"""The highest value of ``--largest``."""
SIZES = ("batch", "input")
"""The names that ``--for`` takes besides those of parameters."""
WINDOW = ("output", "kernel", "step", "padding", "dilation", "largest", "floor", "transposed")
"""The options that a network does not take."""

Input = Annotated[
    str | None,
    typer.Option(
        "--input",
        "-i",
        metavar="N",
        help="The input size; by default, any size. For a network, it may be a shape.",
    ),
]
Output = Annotated[
    int | None,
    typer.Option("--output", metavar="N", help="The output size; by default, the input size."),
]
Kernel = Annotated[
    int | None,
    typer.Option(
        "--kernel",
        "-k",
        metavar="F",
        help="The kernel size; by default, all up to --largest are tried.",
    ),
]
Step = Annotated[
    int | None,
    typer.Option(
        "--stride",
        "-s",
        metavar="S",
        help="The stride; by default, all up to the kernel size, but at least up to 4.",
    ),
]
Padding = Annotated[
    int | None,
    typer.Option(
        "--padding",
        "-p",
        metavar="P",
        help="The padding per side; by default, all that are smaller than the (dilated) kernel.",
    ),
]
Dilation = Annotated[
    int, typer.Option("--dilation", "-d", metavar="D", help="The dilation; 1 means none.")
]
Largest = Annotated[
    int, typer.Option("--largest", metavar="F", help="The largest kernel size to try.")
]
Floor = Annotated[
    bool,
    typer.Option(
        "--floor", help="Also list settings that leave a remainder; the output is rounded down."
    ),
]

Transposed = Annotated[
    bool, typer.Option("--transposed", help="Solve for a transposed convolution.")
]


Spec = Annotated[
    str | None,
    typer.Argument(
        metavar="[NETWORK]",
        help=f"The network to enlarge with --for, within a budget: {options.NETWORK}, or "
        "MODULE:FACTORY.",
        show_default=False,
        autocompletion=complete.networks,
    ),
]
For = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="NAMES",
        help="What to enlarge: a parameter, input or batch, or several with --ratio.",
    ),
]
Ratio = Annotated[
    str | None,
    typer.Option(
        "--ratio",
        metavar="R:R",
        help="Enlarge several values together, each by a power of its ratio: 1.1:1.2:1.15.",
        show_default=False,
    ),
]


By = Annotated[
    str | None,
    typer.Option(
        "--step",
        metavar="X",
        help="Try multiples of this; by default, 0.01 for a decimal parameter or with --ratio, "
        "and 1 otherwise.",
    ),
]


def _budget(name: str, what: str) -> Any:
    return typer.Option(
        f"--{name}", metavar="N", help=f"The budget for {what}.", show_default=False
    )


Macs = Annotated[str | None, _budget("macs", "MACs: 300M, or 2x for twice the network's own")]
Params = Annotated[str | None, _budget("params", "parameters")]
MemoryBudget = Annotated[
    str | None, _budget("memory", "the memory of a training step with SGD: 24GiB")
]
Peak = Annotated[str | None, _budget("peak", "peak activation memory at inference")]
Ram = Annotated[str | None, _budget("ram", "RAM on a microcontroller in int8: 256kB")]
Flash = Annotated[str | None, _budget("flash", "flash on a microcontroller in int8: 1MB")]


def run(
    context: typer.Context,
    spec: Spec = None,
    name: For = None,
    ratio: Ratio = None,
    macs: Macs = None,
    params: Params = None,
    memory: MemoryBudget = None,
    peak: Peak = None,
    ram: Ram = None,
    flash: Flash = None,
    by: By = None,
    settings: options.Settings = None,
    input: Input = None,
    output: Output = None,
    kernel: Kernel = None,
    step: Step = None,
    padding: Padding = None,
    dilation: Dilation = 1,
    largest: Largest = 11,
    floor: Floor = False,
    transposed: Transposed = False,
) -> None:
    """List the kernel sizes, strides and paddings that turn one size into another, or keep it.

    With a network, find the largest value of a parameter, input size or batch size that stays
    within a budget, and the next larger value. The exit code is 1 if no value stays within the
    budget.

    Without a network, if nothing fits exactly, you see the settings that fit after rounding down,
    with their remainder. The exit code is 1 if nothing fits even then.

    cnncalc solve --input 224 --output 55

    cnncalc solve --input 32 --stride 1

    cnncalc solve --input 224 --output 112 --kernel 7

    cnncalc solve --output 55 --kernel 11 --stride 4 --padding 0

    cnncalc solve --input 7 --output 14 --transposed

    cnncalc solve mobilenet_v2 --for width --macs 300M --step 0.05

    cnncalc solve resnet50 --for batch --memory 24GiB

    cnncalc solve efficientnet_b0 --for width,depth,input --ratio 1.1:1.2:1.15 --macs 2x
    """
    budgets = {"macs": macs, "params": params, "memory": memory, "peak": peak}
    budgets |= {"ram": ram, "flash": flash}
    limits = {key: text for key, text in budgets.items() if text is not None}
    if spec is not None:
        shared.refuse(context, WINDOW, "is for a window; leave out the option or the network")
        _fit(spec, name, ratio, limits, by, input, settings)
        return
    if name is not None or ratio is not None or limits:
        raise UsageError("--for and budgets need a network, as in cnncalc solve resnet50 --for ...")
    shared.refuse(
        context, ("by", "settings"), "needs a network, as in cnncalc solve resnet50 --for ..."
    )
    _windows(
        floor,
        input=None if input is None else _whole(input),
        output=output,
        kernel=kernel,
        stride=step,
        padding=padding,
        dilation=dilation,
        largest=largest,
        transposed=transposed,
    )


def _whole(text: str) -> int:
    """The size that --input gives; raises UsageError if it is not a whole number."""
    if not re.fullmatch("-?[0-9]+", text):
        raise UsageError(f"--input must be a whole number, not {text[:60]!r}")
    if len(text) > MAX_DIGITS:
        raise UsageError(f"--input must have at most {MAX_DIGITS} digits, not {len(text)}")
    return int(text)


def _windows(floor: bool, **asked: Any) -> None:
    """Print the windows that give the requested sizes, or exit with 1."""
    if asked["output"] is None and asked["input"] is None:
        raise UsageError("solve needs --input or --output, as in --input 224 --output 55")
    if not 1 <= asked["largest"] <= LARGEST:
        raise UsageError(f"--largest must be from 1 to {LARGEST}, not {asked['largest']}")
    found, transposed = api.solve(**asked), asked["transposed"]
    exact = [solution for solution in found if transposed or solution.axis.fits]
    shown = found if floor or not exact else exact
    if not shown:
        shared.write(f"{_nothing(asked)}\n", None)
        raise typer.Exit(1)
    if transposed:
        shared.write(_table(shown, "output padding", _output_padding), None)
        return
    if not exact:
        shared.write(
            "nothing fits exactly, but these windows fit if you round down, as PyTorch does:\n",
            None,
        )
    shared.write(_table(shown, "remainder", _remainder), None)
    left = len(found) - len(shown)
    if left:
        typer.echo(f"{left:,} more leave a remainder; --floor lists them", err=True)


def _fit(
    spec: str,
    name: str | None,
    ratio: str | None,
    budgets: dict[str, str],
    step: str | None,
    input: str | None,
    settings: Sequence[str] | None,
) -> None:
    """Print the largest value within the budgets and the next one, or exit with 1."""
    from cnncalc.analysis.explore.quantities import QUANTITIES

    if name is None or not budgets:
        raise UsageError("a network needs --for and a budget, as in --for batch --memory 24GiB")
    values = shared.settings_for(spec, settings)
    given = None if input is None else [input]
    shape = _whole(input) if input and input.isdecimal() else shared.inputs_of(given)
    wanted = _ratios(name, ratio)
    with shared.typed(
        settings="--set", step="--step", **{f"the budget for {key}": f"--{key}" for key in budgets}
    ):
        found = api.largest(
            shared.named(spec), wanted, budgets, step=step, settings=values, input=shape
        )
    rows, columns = [], [name]
    for word, tried in (("within", found.within), ("beyond", found.beyond)):
        if tried is not None:
            shown = tried.value if isinstance(tried.value, dict) else {name: tried.value}
            columns = [*shown]
            texts = [QUANTITIES[key].text(tried.quantities[key] or 0) for key in budgets]
            rows.append([word, *map(_value, shown.values()), *texts])
    limits = [QUANTITIES[key].text(limit) for key, limit in found.budgets.items()]
    headings = dict.fromkeys(["", *columns, *(QUANTITIES[key].heading for key in budgets)], True)
    rows.append(["budget", *[""] * len(columns), *limits])
    shared.write(listing.columns({**headings, "": False}, rows), None)
    if found.within is None:
        what = f"{found.name} size" if found.name in SIZES else f"value of {found.name}"
        among = f" that is a multiple of {step}" if step else ""
        typer.echo(f"no {what}{among} fits the budget", err=True)
        raise typer.Exit(1)
    if found.beyond is None:
        typer.echo(f"the next larger values of {found.name} do not give valid networks", err=True)


def _ratios(names: str, ratio: str | None) -> str | dict[str, float | str]:
    """The name to search, or the ratio of each of several names."""
    if ratio is None:
        if "," in names:
            raise UsageError(
                f"several names need --ratio, as in --for {names} --ratio "
                + ":".join(["1.1"] * (names.count(",") + 1))
            )
        return names
    listed, ratios = [one.strip() for one in names.split(",")], ratio.split(":")
    if len(listed) != len(ratios):
        raise UsageError(
            f"--for has {units.counted(len(listed), 'name')} but --ratio has "
            f"{units.counted(len(ratios), 'number')}; "
            "give a ratio for each name, as in --for width,depth,input --ratio 1.1:1.2:1.15"
        )
    if len({*listed}) < len(listed):
        raise UsageError(f"a name occurs twice in --for {names}")
    return dict(zip(listed, ratios, strict=True))


def _value(value: Any) -> str:
    """A value as text: a number, or the sizes of a shape."""
    return "×".join(map(str, value)) if isinstance(value, list) else str(value)


def _nothing(asked: Mapping[str, Any]) -> str:
    """A sentence on why there is no solution: the limits of the search, or the size that
    results."""
    N, F, S, P = (asked[name] for name in ("input", "kernel", "stride", "padding"))
    output, D = asked["output"], asked["dilation"]
    limits = [
        *([] if F is not None else [f"F ≤ {asked['largest']}"]),
        *([] if S is not None else ["S ≤ max(F, 4)"]),
        *([] if P is not None else ["P < F" if D == 1 else "P < D·(F − 1) + 1"]),
    ]
    if limits:
        return f"nothing fits with {', '.join(limits)}"
    if N is None or F is None or S is None or P is None:
        return "no input size fits"
    if asked["transposed"]:
        size = window.output_size_transposed(N=N, F=F, S=S, P=P, D=D)
        return f"does not fit: without output padding, the output is {size}"
    fit = Axis(N, F, S, P, D)
    return f"does not fit: {equation(fit)}, not {N if output is None else output}"


def _remainder(solution: Solution) -> str:
    over = solution.axis.remainder
    return f"{over:,}" if over else "fits"


def _output_padding(solution: Solution) -> str:
    return f"{solution.output_padding:,}"


def _table(solutions: list[Solution], last: str, text: Callable[[Solution], str]) -> str:
    """One line per solution; ``last`` heads the last column, and ``text`` fills it."""
    rows = [["N", "F", "S", "P", "output", last]]
    for solution in solutions:
        sizes = (*solution.axis[:4], solution.output)
        rows.append([*(f"{size:,}" for size in sizes), text(solution)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.rjust, row, widths)) for row in rows)
    return "\n".join(lines) + "\n"
