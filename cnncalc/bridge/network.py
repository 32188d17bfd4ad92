"""A report as a PyTorch module: its layers under their names, run in order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from cnncalc.analysis.report import Report, Row
from cnncalc.bridge import modules
from cnncalc.core.errors import LayerError, UsageError

WHOLE = (
    modules.Add,
    modules.BlurPool,
    modules.ComputedConv,
    modules.Constant,
    modules.ConvLSTM,
    modules.Copy,
    modules.Crop,
    modules.DeformConv,
    modules.DotProductAttention,
    modules.ElementSlopes,
    modules.LocallyConnected,
    modules.MatmulOnce,
    modules.MaxUnpool,
    modules.Maximum,
    modules.Maxout,
    modules.MeanInside,
    modules.Merged,
    modules.Multiply,
    modules.PartialConv,
    modules.PositionAttention,
    modules.PositionalEmbedding,
    modules.RBF,
    modules.RelativeAttention,
    modules.Separable,
    modules.SignalGRU,
    modules.SignalLSTM,
    modules.SignalRNN,
    modules.Subsampling,
    nn.Sequential,
)
"""Modules that each stand for a single layer, which the functions that they call would not show.
``nn.Sequential`` is one of them because a layer may be a sequence of modules."""


class Step(NamedTuple):
    """One layer's step of the forward pass: the values that it reads, the value that it produces,
    and the values that are not needed afterwards."""

    name: str
    sources: tuple[int, ...]
    value: int
    done_with: tuple[int, ...]


class Network(nn.Module):
    """A network as a PyTorch module. Layer ``block.conv1`` is the submodule with that name. A layer
    that shares weights runs the submodule of the layer that holds them, or has its own submodule
    with the same parameters.

    A tensor that is not an output is released as soon as the last layer that reads it has run. The
    hooks in ``_before`` and ``_after`` are called around every layer, with its name and its inputs
    or its output.
    """

    def __init__(self, report: Report, given: Mapping[str, nn.Module] = {}) -> None:
        """``given`` are modules to use for some layers instead of building new ones."""
        super().__init__()
        # Underscores keep these names from colliding with layers.
        self._steps = _steps(report)
        self._inputs = len(report.input_shapes)
        row_of = {row.name: index for index, row in enumerate(report.rows)}
        self._outputs = tuple(row_of[row.name] for row in report.outputs)
        self._module_of = {row.name: runner_of(row, report) for row in report.layers}
        self._frozen: set[nn.Parameter] = set()
        self._before: list[Callable[[str, Sequence[Tensor]], None]] = []
        self._after: list[Callable[[str, Tensor], None]] = []
        for row in report.layers:
            if runner_of(row, report) == row.name:
                module = given.get(row.name) or module_of(row, modules)
                if isinstance(module, WHOLE):
                    module.layer = row.layer  # from_torch uses this to read the network back
                self._place(row.name, module)
                if not row.trainable:
                    self._frozen |= {one for one in module.parameters() if one.requires_grad}
                    module.requires_grad_(False)

        self._owner_of = {
            row.name: row.weights_of
            for row in report.layers
            if row.weights_of is not None and self._module_of[row.name] == row.name
        }
        self._tie()

    def _tie(self) -> None:
        """Give modules that share weights the parameters and buffers of their owner."""
        for name, owner in self._owner_of.items():
            module = self._layer(name)
            for path, part in self._layer(owner).named_modules():
                own = module.get_submodule(path)
                own._parameters.update(part._parameters)
                own._buffers.update(part._buffers)

    def _apply(self, *args: Any, **options: Any) -> Any:
        """Share weights again after a move to another device or dtype, which makes new tensors."""
        moved = super()._apply(*args, **options)
        self._tie()
        return moved

    def _layer(self, name: str) -> nn.Module:
        """The module that runs a layer."""
        return self.get_submodule(self._module_of[name])

    def _is_frozen(self, parameter: nn.Parameter) -> bool:
        """Whether a parameter belongs to a layer with ``trainable: false``."""
        return parameter in self._frozen

    def _place(self, name: str, module: nn.Module) -> None:
        """Add a module under its dotted name, creating containers on the way."""
        *path, last = name.split(".")
        holder: nn.Module = self
        for part in path:
            if part not in holder._modules:
                _add(holder, part, nn.Module(), name)
            holder = holder._modules[part]
        _add(holder, last, module, name)

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        if len(inputs) != self._inputs:
            noun = "input" if self._inputs == 1 else "inputs"
            raise TypeError(f"the network has {self._inputs} {noun}, not {len(inputs)}")
        values = dict(enumerate(inputs))
        for name, sources, value, done_with in self._steps:
            for note in self._before:
                note(name, [values[source] for source in sources])
            values[value] = self._layer(name)(*[values[source] for source in sources])
            for note in self._after:
                note(name, values[value])
            for source in done_with:
                del values[source]
        outputs = tuple(values[index] for index in self._outputs)
        return outputs if len(outputs) > 1 else outputs[0]


def runner_of(row: Row, report: Report) -> str:
    """The name of the layer whose module runs this one. A layer that shares weights has its own
    module only if it differs from the owner in another field, or in the padding that its input's
    size demands."""
    if row.weights_of is None:
        return row.name
    owner = report[row.weights_of]
    alike = row.layer == owner.layer and row.layer.zeros(*row.inputs) == owner.layer.zeros(
        *owner.inputs
    )
    return owner.name if alike else row.name


def module_of(row: Row, nn: Any) -> Any:
    """The module of a layer; raises UsageError if PyTorch has none."""
    try:
        return row.layer.to_torch(nn, *row.inputs)
    except LayerError as why:
        raise UsageError(f"layer {row.name!r} ({row.kind}): {why}") from None


def _add(holder: nn.Module, part: str, module: nn.Module, name: str) -> None:
    """Add a submodule; raises UsageError for a name that PyTorch does not allow."""
    try:
        holder.add_module(part, module)
    except KeyError:
        raise UsageError(
            f"layer {name!r} cannot become a module of PyTorch, where {part!r} means something "
            "else; give it another name"
        ) from None


def _steps(report: Report) -> tuple[Step, ...]:
    """A step for every layer, with the values that no later layer reads."""
    last_reader = {source: index for index, row in enumerate(report.rows) for source in row.sources}
    kept = {row.name for row in report.outputs}  # the caller keeps them
    return tuple(
        Step(
            row.name,
            row.sources,
            index,
            tuple(
                {
                    source
                    for source in row.sources
                    if last_reader[source] == index and report.rows[source].name not in kept
                }
            ),
        )
        for index, row in enumerate(report.rows)
        if row.layer.arity != (0, 0)
    )
