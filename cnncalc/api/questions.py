"""Questions about a network: how its numbers are computed, whether its windows and its memory fit,
and which printed figures match.

Unless stated otherwise, ``target`` and the options are those of ``summarize``, which also raises
the errors for a network that cannot be read.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from cnncalc.api.network import Changes, Options, Target, report_of
from cnncalc.core.errors import UsageError
from cnncalc.spec import Spec

if TYPE_CHECKING:
    from cnncalc.conventions.published import Finding
    from cnncalc.conventions.reconcile import Reconciliation
    from cnncalc.derivations.explain import Derivation
    from cnncalc.derivations.stride import Solution, Window
    from cnncalc.derivations.sums import Sum
    from cnncalc.footprint import Memory
    from cnncalc.footprint.arena import Arena
    from cnncalc.footprint.fits import Fits


def explain(
    target: Target,
    layer: str | None = None,
    quantity: str | None = None,
    **options: Unpack[Options],
) -> "tuple[Derivation, ...] | tuple[Sum, ...]":
    """Explain how the numbers of a layer, a block, or by default the whole network are computed.

    A layer gives derivations with their equations; a block or a network gives sums with their
    terms. ``quantity`` is one of shape, parameters, macs, operations, memory and receptive-field;
    by default, all of them. Shape and receptive-field have no sums.

    Raises UsageError for an unknown layer, block or quantity.

    >>> explain("lenet5", "c1", "parameters")[0].answer
    '156 parameters'
    """
    from cnncalc.derivations import explain as layers
    from cnncalc.derivations import sums

    wanted = layers.quantities(quantity)
    found = report_of(target, options)
    part = sums.network(found) if layer is None else sums.block(found, str(layer))
    if part is None:
        return layers.explain(found[str(layer)], found, wanted)
    return sums.explain(part, wanted)


def check_stride(target: Target, **options: Unpack[Options]) -> "tuple[Window, ...]":
    """List the windows of a network's layers: one per axis, or one for all axes that are alike.
    ``fits`` says whether the stride is legal. For a single window without a network, see
    ``cnncalc.derivations.stride.Axis``.

    >>> [window.layer for window in check_stride("alexnet") if not window.fits]
    []
    """
    from cnncalc.derivations import stride

    return tuple(stride.windows(report_of(target, options)))


def solve(
    *,
    input: int | None = None,
    output: int | None = None,
    kernel: int | None = None,
    stride: int | None = None,
    padding: int | None = None,
    dilation: int = 1,
    largest: int = 11,
    transposed: bool = False,
) -> "list[Solution]":
    """Find the windows that turn one size into another; those that fit exactly come first.

    Without ``output``, the windows keep the input's size. Values that are not given are searched
    within limits (``cnncalc.derivations.stride.solve``); ``largest`` is the largest kernel.
    ``transposed`` searches the windows of a transposed convolution, which may need output padding.

    Raises UsageError without a size, for a size below 1, and if there are too many windows to try.

    >>> solve(input=227, output=55, kernel=11, padding=0)[0].axis.S
    4
    """
    from cnncalc.derivations import stride as strides

    wanted = output if output is not None else input
    if wanted is None:
        raise UsageError("solve needs an input or an output size")
    return strides.solve(
        wanted, input, kernel, stride, padding, dilation, largest, transposed=transposed
    )


def memory(
    target: Target,
    *,
    optimizer: str = "sgd",
    training: bool = True,
    device: str = "cpu",
    checkpoint: int | None = None,
    dtype: str | None = None,
    batch: int | None = None,
    **options: Unpack[Changes],
) -> "Memory":
    """Compute the bytes that PyTorch needs to run and train a network, and the peaks
    (docs/memory.md).

    ``training=False`` runs the layers in eval mode, with gradients. ``dtype`` may be ``amp``, for
    mixed precision. ``checkpoint`` is the number of blocks between two checkpoints.

    Raises UsageError for an invalid option, and for a network whose memory is not modelled.

    >>> memory("lenet5", optimizer="adam").optimizer_state  # 2·61,706 numbers and 10 counters
    493688
    """
    from cnncalc.footprint import measure

    return measure(
        report_of(target, options),
        optimizer=optimizer,
        training=training,
        dtype=dtype,
        device=device,
        checkpoint=checkpoint,
        batch=batch,
    )


def arena(target: Target, **options: Unpack[Changes]) -> "Arena":
    """Compute the RAM and flash that a network in int8 needs on a microcontroller, and look for the
    order of its layers that needs the least live memory (docs/memory.md).

    Raises UsageError for a network whose number of weights is not known.

    >>> arena("lenet5").peak.bytes  # tanh1: 6·28·28 in and out
    9408
    """
    from cnncalc.footprint import arena as arenas

    return arenas.arena(report_of(target, options))


def fits(
    target: Target,
    *,
    ram: int | str | None = None,
    flash: int | str | None = None,
    **options: Unpack[Changes],
) -> "Fits":
    """Check whether a network in int8 fits on a microcontroller. The result is true if it does.

    Budgets are bytes, or text such as ``256kB``.

    Raises UsageError if neither budget is given, or if one is invalid.

    >>> bool(fits("lenet5", ram="8kB", flash="1MB"))  # needs 9,408 bytes of RAM
    False
    """
    from cnncalc.footprint import fits as fitting

    return fitting.fits(arena(target, **options), ram, flash)


def reconcile(target: Target, number: str, **options: Unpack[Options]) -> "Reconciliation":
    """Find the tools and counting conventions that give a number for a network (docs/reconcile.md).

    ``number`` is text, with a unit if the number has one: ``4.1G``, ``8.2 GFLOPs``, ``25.6M
    params``.

    Raises UsageError if the text is not a number, or if no total can be compared with it.

    >>> reconcile("lenet5", "61.7k params").agreeing[0].total
    61706
    """
    from cnncalc.conventions import reconcile as conventions

    return conventions.reconcile(report_of(target, options), number)


def claims(target: str | os.PathLike[str] | Mapping[str, Any] | Spec) -> "tuple[Finding, ...]":
    """Compare each published figure in a network's spec with the calculated one.

    Raises Mistakes with every claim that cannot be compared, such as one about an unknown layer.

    >>> [finding.verdict for finding in claims("ntu_example2")]
    ['agrees', 'agrees']
    """
    from cnncalc.conventions.published import check

    return check(target)
