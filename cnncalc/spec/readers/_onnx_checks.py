"""Checks of an ONNX operator that hold whatever it computes."""

from cnncalc.core.errors import LayerError
from cnncalc.spec.readers._onnx_file import OWN_DOMAINS, Operator

FLAGS = (
    "allowzero", "antialias", "ceil_mode", "count_include_pad", "exclude_outside", "input_forget",
    "is_causal", "keepdims", "layout", "linear_before_reset", "noop_with_empty_axes",
    "storage_order", "training_mode", "transA", "transB",
)  # fmt: skip
"""The settings that are 0 or 1 in every operator that has them. Tools disagree on other values."""


def check_flags(node: Operator) -> None:
    """Raise LayerError for a flag that is neither 0 nor 1."""
    for name, value in node.attributes.items() if node.domain in OWN_DOMAINS else ():
        if name in FLAGS and value not in (0, 1):
            raise LayerError(f"its {name} is {str(value)[:60]}, but must be 0 or 1")


def check_count(node: Operator, takes: tuple[int, int | None]) -> None:
    """Raise LayerError unless an operator reads at least and at most so many tensors, apart from
    empty ones at the end."""
    count = max((place for place, name in enumerate(node.inputs, 1) if name), default=0)
    least, most = takes
    if count < least or (most is not None and count > most):
        wanted = f"{least} to {most}" if most != least + 1 else f"{least} or {most}"
        wanted = f"at least {least}" if most is None else str(least) if least == most else wanted
        raise LayerError(f"it reads {count} tensor{'s' * (count != 1)}, but must read {wanted}")
