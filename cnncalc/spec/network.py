"""Expands a whole network: its inputs, its layers, and what can be checked only at the end."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.errors import SpecError, did_you_mean, some
from cnncalc.core.layer import Input
from cnncalc.core.shape import Layout
from cnncalc.spec import values
from cnncalc.spec.entry import Spec
from cnncalc.spec.expansion import Ends, Expansion
from cnncalc.spec.inputs import Given, Shapes
from cnncalc.spec.inputs import inputs as read_inputs
from cnncalc.spec.node import Node
from cnncalc.spec.scope import Scope
from cnncalc.spec.text import Key
from cnncalc.spec.work import LimitReached, Work


class Network(Expansion):
    """The expansion of a whole network."""

    def __init__(self, spec: Spec, layout: Layout | None, work: Work | None = None) -> None:
        super().__init__(spec, layout, work)
        self.layout = layout
        self.input_shapes: Mapping[Key, Given | SpecError] = {}
        self.outputs: Ends = ()
        self.others: dict[tuple[int, str], Network] = {}
        """The networks that backbones stand for."""

    def other(self, spec: Spec) -> "Network":
        """The expansion of another network, with the same layout and limits."""
        return Network(spec, self.layout, self.work)

    def run(
        self, settings: Mapping[str, Any], inputs: Shapes | Mapping[str, Shapes] | None
    ) -> None:
        """Expand everything. Raises SpecError or UsageError for settings and inputs that are
        invalid, doubtful, or not in the spec."""
        spec = self.spec
        try:
            self.parameters = values.parameters(spec, settings, self.work)
            self.input_shapes = read_inputs(spec, self.parameters, inputs, self.layout, self.work)
            scope, current = self.inputs()
            self.expand(spec.layers, scope, current)
            self.label_trees()
            self.check_replacements()
            self.check_batches()
            if spec.outputs and self.nodes:
                self.find_outputs(scope)
            for error in self.sharing.unshared_names(self.names.written):
                self.wrong(error.sentence, error.where)
        except LimitReached as reason:
            self.mistakes += [reason.error] if reason.error else []
            self.nodes.clear()  # nothing is left to analyse
        if not self.mistakes and len(self.nodes) == len(spec.inputs):
            sentence = (
                "the network has no layers: each is left out, repeated 0 times or an empty block"
            )
            self.wrong(sentence, spec.where)

    def find_outputs(self, scope: Scope) -> None:
        """Find the layers that the spec lists as its outputs."""
        try:
            self.outputs = self.names.sources(self.spec.outputs, scope, "outputs")
            if any(isinstance(self.nodes[place].layer, Input) for place in self.outputs):
                fact = "'outputs' names an input; it must name layers"
                raise SpecError(fact, self.spec.outputs[0].where)
        except SpecError as error:
            self.wrong(error.sentence, error.where)

    def label_trees(self) -> None:
        """Label the groups that dotted names imply; nothing else may have their names."""
        taken = (self.names.index, self.names.ways, self.groups)
        for path, where in self.names.trees.items():
            if any(path in names for names in taken):
                fact = f"a name that starts with '{path}.' makes {path!r} a group of layers"
                why = "but a layer, block or branch has that name; choose another name"
                self.wrong(f"{fact}, {why}", where)
            else:
                self.label(path, "group", where)

    def check_replacements(self) -> None:
        """Refuse replacements of layers that do not exist."""
        for name in self.spec.replace:
            if name not in self.replaced:
                hint = did_you_mean(name, self.names.ends) or f"; it has {some(self.names.ends)}"
                self.wrong(f"'replace': the network has no layer {name[:60]!r}{hint}", name.where)

    def check_batches(self) -> None:
        """Refuse inputs that look like a batch of images, unless a layer is named as one for
        volumes, such as ``Conv3d``."""
        if any(node.axes == 3 for node in self.nodes):
            return
        for one in self.input_shapes.values():
            batched = one.batched if isinstance(one, Given) else None
            if isinstance(batched, SpecError):
                self.mistakes.append(batched)
                self.nodes.clear()  # all other mistakes follow from it
            elif batched is not None:
                raise batched

    def inputs(self) -> tuple[Scope, Ends]:
        """Add the inputs. Returns the network's scope and the inputs of its first layer."""
        scope = Scope("", self.parameters)
        current: Ends = ()
        for name, one in self.input_shapes.items():
            layer = None
            if isinstance(one, SpecError):
                self.wrong(one.sentence, one.where)
            else:
                layer = Input(shape=one.shape)
            current = (self.add(Node(name, layer, (), name.where)),)
            scope.names[name] = current
            scope.places[name] = name.where
            scope.inputs.add(name)
        if not scope.names:  # already reported; the inputs of the layers are unknown
            self.nodes.append(Node("", None, (), self.spec.where))
            current = (0,)
        return scope, current if len(scope.names) <= 1 else ()
