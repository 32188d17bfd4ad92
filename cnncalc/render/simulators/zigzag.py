"""ZigZag 3: a workload in YAML, one loop nest per product, in int8.

Sums are accumulated in 32 bits. ``operand_source`` names the layer that an input comes from: the
last of them if there are several, and the layer itself if there is none, as in ZigZag's own reader
of ONNX.
"""

from collections.abc import Iterator

from cnncalc.core.nest import Window
from cnncalc.render.simulators import Product, Workload

TOOL = "ZigZag"
SUFFIX = ".yaml"
PRECISION = "{W: 8, I: 8, O: 32, O_final: 8}"
"""Bits of weights, inputs, sums and outputs."""
AXES = "xyz"


def render(workload: Workload) -> str:
    """Comments that name the layers left out, then a list of the others."""
    names = "".join(f"#   {_plain(row.name)} ({row.kind})\n" for row in workload.left_out)
    head = f"# {_plain(workload.name)}\n"
    if names:
        head += f"# Left out, because ZigZag reads only convolutions and matrix products:\n{names}"
    entries = (_entry(number, one) for number, one in enumerate(workload.products))
    return head + "".join(entries)


def _entry(number: int, product: Product) -> str:
    """A product as an item of a YAML list."""
    lines = [*_fields(number, product)]
    return f"- id: {number}\n" + "".join(f"  {name}: {value}\n" for name, value in lines)


def _fields(number: int, product: Product) -> Iterator[tuple[str, str]]:
    groups, filters, channels, windows = product.nest
    axes = list(zip(AXES[: len(windows)], reversed(windows)))  # x is the last axis
    outer = "".join(f"[o{axis}]" for axis, _ in reversed(axes))
    taps = "".join(f"[f{axis}]" for axis, _ in reversed(axes))
    inner = "".join(f"[i{axis}]" for axis, _ in reversed(axes))
    yield "name", f'"{_plain(product.name)}"'
    yield "operator_type", "Conv" if axes else "Gemm"
    yield "equation", f"O[b][g][k]{outer}+=W[g][k][c]{taps}*I[b][g][c]{inner}"
    relations = [f"i{axis}={one.stride}*o{axis}+{one.dilation}*f{axis}" for axis, one in axes]
    yield "dimension_relations", _list(relations)
    dims = [f"O{axis}".upper() for axis, _ in axes] + [f"F{axis}".upper() for axis, _ in axes]
    yield "loop_dims", _list(["B", "G", "K", "C", *dims])
    sizes = [one.places for _, one in axes] + [one.taps for _, one in axes]
    yield "loop_sizes", _list([1, groups, filters, channels, *sizes])
    yield "operand_precision", PRECISION
    source = number if product.source is None else product.source
    yield "operand_source", f"{{W: {number}, I: {source}}}"
    if axes:
        yield "pr_loop_dims", _list([f"I{axis}".upper() for axis, _ in axes])
        yield "pr_loop_sizes", _list([one.size for _, one in axes])
        yield "padding", _list([_list(_sides(one)) for _, one in axes])


def _sides(window: Window) -> list[int]:
    return [window.before, window.after]


def _list(items: list[str] | list[int]) -> str:
    return f"[{', '.join(map(str, items))}]"


def _plain(name: str) -> str:
    """A name without characters that YAML or a comment would read as something else."""
    return "".join(one if one.isprintable() and one not in '"\\' else "_" for one in name)
