"""Choosing a network: comparisons, sweeps over values, formulas, and the largest value within a
budget."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Unpack

from cnncalc.analysis import report
from cnncalc.api.hardware import clock_of
from cnncalc.api.network import Options, Target, report_of, summarize
from cnncalc.core.errors import UsageError
from cnncalc.spec import Spec, load

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from cnncalc.analysis.explore.compare import Comparison
    from cnncalc.analysis.explore.evaluate import Configurations
    from cnncalc.analysis.explore.largest import Largest
    from cnncalc.analysis.explore.outcome import Sweep
    from cnncalc.analysis.explore.sweep import Loop, Request
    from cnncalc.analysis.explore.symbols import Formula
    from cnncalc.analysis.hardware.calibration import Calibration


FEW = 100
"""Up to this many configurations are computed one by one, which is faster than preparing arrays."""


def compare(*targets: Target, **options: Unpack[Options]) -> "Comparison":
    """Compare networks: their totals, and how the layers of the last differ from those of the
    first.

    The options are those of ``summarize``, for targets that are not reports.

    Raises UsageError for fewer than two networks.

    >>> [change.name for change in compare("vgg11", "vgg13").layers if change.change == "added"]
    ['relu1', 'conv1_2', 'relu3', 'conv2_2']
    """
    from cnncalc.analysis.explore.compare import Comparison

    if len(targets) < 2:
        help = "pass each as an argument, as in compare('vgg16', 'vgg19')"
        raise UsageError("compare needs at least two networks", help)
    reports = (
        one if isinstance(one, report.Report) else report_of(one, options) for one in targets
    )
    return Comparison(tuple(reports))


def sweep(
    target: str | os.PathLike[str] | Mapping[str, Any] | Spec,
    over: Mapping[str, Any],
    *,
    show: str | Sequence[str] = ("params", "macs"),
    where: str = "",
    pareto: str | Sequence[str] = (),
    by: str = "",
    best: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    executor: "Executor | None" = None,
    resume: str | os.PathLike[str] | None = None,
    on: str | None = None,
    calibration: "str | os.PathLike[str] | Calibration | None" = None,
    devices: str | os.PathLike[str] | None = None,
    **options: Unpack[Options],
) -> "Sweep":
    """Try all combinations of values for a network's parameters, input, batch size or dtype.

    ``over`` maps names to values, or to text such as ``"0.25:1.5:0.25"`` (the end included, if a
    step reaches it). An input may be one size for all spatial axes. ``show`` names the quantities
    of the results, ``where`` is a condition (``"macs < 300M"``), ``pareto`` names quantities to
    minimize (``-rf`` to maximize), ``by`` is the quantity to sort by, and ``best`` limits the
    number of results. ``sample`` is the number of random combinations to try instead of all of
    them; the same ``seed`` always draws the same ones.
    ``jobs`` is the number of processes; an ``executor`` runs the sweep elsewhere. ``resume`` is a
    file that keeps the progress, so that an interrupted sweep can continue. Quantities are those of
    ``cnncalc.analysis.explore.quantities``, and ``time``: the seconds that ``cnncalc.device``
    calculates, either a lower bound for the device ``on`` (from the file ``devices``) or an
    estimate from a ``calibration``. With NumPy, large sweeps are computed on arrays if many of
    their combinations differ only in numbers.

    Raises UsageError for an unknown name, quantity or device, for an invalid range or condition,
    for too many combinations, and for a time without a device; and the mistakes of the network
    itself, if no combination is valid because of them.

    >>> [point.values for point in sweep("resnet18", {"input": "64:256:32"}, by="-macs",
    ...     where="macs < 1G", best=1).points]
    [{'input': 160}]
    """
    from cnncalc.analysis.explore.sweep import request

    clock = clock_of(on, calibration, devices, options.get("dtype"))
    asked = request(_listed(show), where, _listed(pareto), by, best, over, clock)
    steps = sweeping(target, over, asked, options, sample, seed, jobs, executor, resume)
    return deque(steps, maxlen=1).pop()


def _listed(names: str | Sequence[str]) -> Sequence[str]:
    """The names as a list; a string is a single name."""
    return [names] if isinstance(names, str) else names


def sweeping(
    target: Any,
    over: Mapping[str, Any],
    asked: "Request",
    options: Mapping[str, Any],
    sample: int | None,
    seed: int,
    jobs: int,
    executor: "Executor | None" = None,
    resume: str | os.PathLike[str] | None = None,
) -> "Iterator[Sweep]":
    """Like ``sweep``, but yields the results so far after every chunk."""
    from cnncalc.analysis.explore import sweep as sweeps
    from cnncalc.analysis.explore.evaluate import configurations
    from cnncalc.analysis.explore.executors import processes
    from cnncalc.analysis.explore.grid import Grid
    from cnncalc.analysis.explore.resume import Progress
    from cnncalc.analysis.hardware.device import TF32, stored_as

    fixed = {name for name in ("batch", "dtype") if options.get(name) not in (None, 1)}
    for name in over:
        if name in fixed.union(options.get("settings") or ()):
            raise UsageError(f"over varies {name!r}, which is also fixed", "leave out one of them")
    if asked.clock is not None:
        options = {**options, "dtype": stored_as(options.get("dtype"))}
    for name, values in over.items():
        if not isinstance(values, Iterable):
            raise UsageError(f"over: {name!r} needs a list, as in [1, 8], not {values!r:.60}")
    listed = {
        name: sweeps.values_of(values) if isinstance(values, str) else list(values)
        for name, values in over.items()
    }
    if asked.clock is not None and TF32 in listed.get("dtype", ()):
        raise UsageError("a sweep cannot vary tf32", "give 'dtype' the value tf32 instead")
    grid = Grid(listed, sample, seed)
    given = (target, [*listed], asked.quantities, options, load, summarize, asked.clock)
    evaluate = configurations(*given)
    work = sweeps.Loop(evaluate, grid, asked)
    if grid.total > FEW and find_spec("numpy"):
        from cnncalc.analysis.explore.many import Arrays
        from cnncalc.analysis.explore.topologies import WORTH

        arrays = Arrays(evaluate, grid, asked)
        work = arrays if arrays.topologies.together >= WORTH else work
    progress = resume and Progress(resume, _identity(evaluate, work, options))
    place: AbstractContextManager[Executor | None] = processes(jobs)
    ahead = sweeps.AHEAD * jobs
    if executor is not None:
        place, ahead = nullcontext(executor), sweeps.WAITING
    with place as pool:
        for found in sweeps.sweep(work, pool, ahead, progress or None):
            yield found
    _check_network(evaluate, found)


def _check_network(evaluate: "Configurations", found: "Sweep") -> None:
    """Raise the mistakes of the network itself, if they are why all combinations are refused."""
    refused = sum(count for _, count in found.refused.values())
    # A network that is built only if no combination is valid does not slow down other sweeps.
    if refused == found.total and [evaluate({})] == [*found.refused]:
        evaluate.measured({})


def _identity(
    evaluate: "Configurations", work: "Loop", options: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that the results of a sweep depend on."""
    grid, asked = work.grid, work.request
    return {
        "network": evaluate.report({}).to_dict(),
        "options": dict(options),
        "over": grid.over,
        "sample": [grid.sample, grid.seed],
        "chunk": work.size,
        "asked": [asked.shown, asked.condition.text, asked.front, asked.order, asked.best],
        "clock": asked.clock,
    }


def formula(
    target: str | os.PathLike[str] | Mapping[str, Any] | Spec,
    quantity: str = "macs",
    names: str | Sequence[str] = ("input",),
    *,
    at: Mapping[str, int | float] | None = None,
    **options: Unpack[Options],
) -> "Formula":
    """Express a quantity of a network as a formula in its input size, batch size or parameters.

    ``names`` are parameters of the spec, ``batch``, or ``input``, which stands for its axes (``H``
    and ``W``). ``at`` gives some of these variables a value. The ``expression`` of the result needs
    SymPy.

    Raises UsageError for an unknown name or quantity, and for a quantity whose value is not known
    for the network.

    >>> formula("lenet5", "macs", ["batch"]).at(batch=8)
    3332160
    """
    from cnncalc.analysis.explore import symbols
    from cnncalc.analysis.explore.evaluate import NUMBERS, configurations

    names = _listed(names)
    evaluate = configurations(target, [], [quantity], options, load, summarize)
    evaluate.check(names, NUMBERS)
    return symbols.formula(evaluate, quantity, names, at or {})


def largest(
    target: str | os.PathLike[str] | Mapping[str, Any] | Spec,
    name: str | Mapping[str, float | str],
    budgets: Mapping[str, int | str],
    *,
    step: int | float | str | None = None,
    **options: Unpack[Options],
) -> "Largest":
    """Find the largest value of a parameter, ``input`` or ``batch`` within some budgets, and the
    next valid value, which exceeds a budget. Either may be None.

    ``budgets`` maps quantities to numbers, or to text such as ``"300M"``, ``"4GiB"`` or ``"2x"``
    (twice what the network needs by default). Values are multiples of ``step``, by default 1, or
    0.01 for a parameter that is a decimal.

    If ``name`` maps several names to ratios, their values grow together (compound scaling): each is
    multiplied by its ratio to the power of a coefficient, and the search is for the largest
    coefficient, from 0 up. The values in the result then include that coefficient.

    Raises UsageError for an invalid name, budget or step, if there is no budget, if no value gives
    a valid network, if all values fit, and if there are too many to try.

    >>> largest("mobilenet_v2", "width", {"macs": "300M"}, step=0.05).within.value
    0.95
    """
    from cnncalc.analysis.explore import compound
    from cnncalc.analysis.explore import largest as search
    from cnncalc.analysis.explore.evaluate import NUMBERS, configurations
    from cnncalc.analysis.explore.quantities import budget, positive

    if not budgets or not isinstance(budgets, Mapping):
        raise UsageError("give a budget, such as macs: 300M")
    names = [name] if isinstance(name, str) else [*name]
    evaluate = configurations(target, [], [*budgets], options, load, summarize)
    evaluate.check(names, NUMBERS)
    if "dtype" in names and "dtype" not in evaluate.parameters:
        raise UsageError("a dtype has no largest value; choose a parameter, input or batch")
    evaluate.require()
    usual = evaluate({}) if any(str(one).endswith("x") for one in budgets.values()) else {}
    limits = {key: budget(key, one, usual) for key, one in budgets.items()}
    try:
        given = None if step is None else positive(str(step))
    except UsageError:
        fact = "'step' must be a positive decimal, such as 0.05"
        raise UsageError(f"{fact}, not {str(step)[:60]!r}") from None
    if isinstance(name, str):
        by = given or evaluate.step(name)
        return search.largest(evaluate, name, limits, by, steady=name == "batch")
    return compound.largest(compound.Compound(evaluate, name), limits, given or compound.STEP)
