"""A report as the text of a PyTorch program that needs only PyTorch.

Every layer's ``to_torch`` receives a namespace that writes down calls instead of making them.
"""

import ast
import inspect
import keyword
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from itertools import groupby, pairwise
from typing import Any

from torch import nn

from cnncalc.analysis.report import Report, Row
from cnncalc.bridge import modules
from cnncalc.bridge.network import module_of, runner_of
from cnncalc.bridge.written import Recorder, Written
from cnncalc.core import discovery

WIDTH = 100
"""The maximum length of a line, not counting comments."""

BODY = " " * 8
"""The indentation inside a method."""

PLAIN = ("x", "y", "z", "u", "v", "w")
"""Variables of ``forward``, in order of preference; if all are taken, the layer's name is used."""


class Names:
    """Valid Python names for parts of a spec, each used once."""

    def __init__(self) -> None:
        self._taken = {*PLAIN, "self", "torch", *keyword.kwlist, *dir(nn.Module())}

    def give(self, wanted: str) -> str:
        """A name like the wanted one: ``layer1.0.conv1`` becomes ``layer1_0_conv1``."""
        name = re.sub(r"\W", "_", wanted, flags=re.ASCII)
        if not name.isidentifier():
            name = f"layer_{name}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _class_name(title: str) -> str:
    """The name of the class: VGG16 for ``VGG-16``, and Network if the title yields no valid
    name."""
    words = re.findall(r"[A-Za-z0-9]+", title)
    joined = "_".join(word[0].upper() + word[1:] for word in words)
    name = re.sub(r"(?<!\d)_|_(?!\d)", "", joined)  # keep the underscore between two digits
    usable = name.isidentifier() and name not in vars(modules) and not keyword.iskeyword(name)
    return name if usable else "Network"


def _plain_text(title: str) -> str:
    """A title without anything that would end a docstring."""
    line = " ".join(title.replace('"', "'").replace("\\", "/").split())
    return "".join(filter(str.isprintable, line))


def source(report: Report) -> str:
    """The text of a program that defines the network as a class. Raises UsageError for a layer that
    PyTorch cannot express."""
    recorder = Recorder()
    written = {row.name: module_of(row, recorder) for row in report.layers}
    names = Names()
    name_of = {row.name: names.give(row.name) for row in report.rows}
    network = _network(report, written, name_of)
    program = f"{network}\n\n{_main(report)}"
    used, own = _own(program)
    return "\n\n".join([f'"""{_about(report)}"""\n\n{_imports(used)}', *own, program])


def _about(report: Report) -> str:
    """The program's docstring: ``LeNet-5 for inputs of 1×32×32: 61,706 parameters.``"""
    shapes = " and ".join(map(str, report.input_shapes.values()))
    name = _plain_text(report.name) or "A network"
    return f"{name} for inputs of {shapes}: {report.totals.params:,} parameters."


def _network(report: Report, written: dict[str, Written], name_of: dict[str, str]) -> str:
    """The definition of the class."""
    variable_of = _variables(report, name_of)
    build, run = [], []
    for row in report.layers:
        layer, name = written[row.name], f"self.{name_of[runner_of(row, report)]}"
        read = [variable_of[report.rows[source].name] for source in row.sources]
        if layer.apply is None:
            frozen = ".requires_grad_(False)" if row.cost.frozen else ""
            if runner_of(row, report) == row.name:
                build.append((row, f"{name} = {layer.build}{frozen}", ""))
                if row.weights_of is not None:
                    owner = f"self.{name_of[row.weights_of]}"
                    build += [
                        (row, f"{name}.{tensor} = {owner}.{tensor}", "")
                        for tensor in row.layer.tensors(*row.inputs)
                    ]
            value = f"{name}({', '.join(read)})"
        else:
            value = layer.apply(*read)
        run.append((row, f"{variable_of[row.name]} = {value}", f"  # {row.output}"))
    inputs = ", ".join(variable_of[name] for name in report.input_shapes)
    outputs = ", ".join(variable_of[row.name] for row in report.outputs)
    shapes = ", ".join(map(str, report.input_shapes.values()))
    return (
        f"class {_class_name(report.name)}(nn.Module):\n"
        f"    def __init__(self):\n"
        f"        super().__init__()\n{_paragraphs(build)}\n"
        f"    def forward(self, {inputs}):  # {shapes}\n{_paragraphs(run)}"
        f"        return {outputs}\n"
    )


def _paragraphs(lines: Iterable[tuple[Row, str, str]]) -> str:
    """Code with its comments, with an empty line between blocks."""
    blocks = groupby(lines, lambda line: _block(line[0].name))
    return "\n".join(
        "".join(f"{_wrapped(code, BODY)}{comment}\n" for _, code, comment in block)
        for _, block in blocks
    )


def _block(name: str) -> list[str]:
    """The path of the repeated block that a layer belongs to, or of its outermost block."""
    path = name.split(".")[:-1]
    numbers = [place for place, part in enumerate(path, 1) if part.isdecimal()]
    return path[: numbers[-1] if numbers else 1]


def _wrapped(code: str, indent: str) -> str:
    """Code on one line; if it is too long, the content of the brackets that end it on a line of its
    own, or one line per item."""
    if len(indent + code) <= WIDTH or code[-1:] not in (")", "]"):
        return indent + code
    head, parts = _opened(code)
    inner = indent + " " * 4
    inside = inner + ", ".join(parts)
    if len(inside) > WIDTH or len(parts) == 1:
        inside = "\n".join(f"{_wrapped(part, inner)}," for part in parts)
    return f"{indent}{head}\n{inside}\n{indent}{code[-1]}"


def _opened(code: str) -> tuple[str, list[str]]:
    """The text up to and including the bracket that the final one closes, and the items inside."""
    depth, commas = 0, [len(code) - 1]
    for place in reversed(range(len(code))):
        depth += (code[place] in ")]") - (code[place] in "([")
        if depth == 0:
            break
        if depth == 1 and code[place] == ",":
            commas.append(place)
    ends = [place, *reversed(commas)]
    parts = [code[begin + 1 : end].strip() for begin, end in pairwise(ends)]
    return code[: place + 1], [part for part in parts if part]


def _variables(report: Report, name_of: dict[str, str]) -> dict[str, str]:
    """The variable that holds each row's output.

    A variable is reused after its tensor has been read for the last time. A tensor read by
    several layers that share no block is named after the layer that produces it; if there are
    several inputs, all keep their names.
    """
    readers = _readers(report)
    several_inputs = len(report.input_shapes) > 1
    last_read: dict[str, int] = {}
    variable_of: dict[str, str] = {}
    returned = {row.name for row in report.outputs}
    for index, row in enumerate(report.rows):
        free = [name for name in PLAIN if last_read.get(name, 0) <= index]
        is_input = row.name in report.input_shapes
        named = several_inputs if is_input else _far_apart(report, readers[index])
        variable = name_of[row.name] if named or not free else free[0]
        last_read[variable] = max(readers[index], default=0)
        if row.name in returned or not readers[index]:
            last_read[variable] = len(report.rows)
        variable_of[row.name] = variable
    return variable_of


def _readers(report: Report) -> list[list[int]]:
    """The positions of the rows that read each row."""
    readers: list[list[int]] = [[] for _ in report.rows]
    for index, row in enumerate(report.rows):
        for source in row.sources:
            readers[source].append(index)
    return readers


def _far_apart(report: Report, readers: Sequence[int]) -> bool:
    """Whether there are several readers, without a common block."""
    outermost = {tuple(_block(report.rows[reader].name)[:1]) for reader in readers}
    return len({*readers}) > 1 and (len(outermost) > 1 or () in outermost)


def _main(report: Report) -> str:
    """The lines that print the output shape when the file is run."""
    images = ", ".join(
        f"torch.zeros({', '.join(map(str, (1, *shape.dimensions)))})"
        for shape in report.input_shapes.values()
    )
    shown = "y.shape" if len(report.outputs) == 1 else "[output.shape for output in y]"
    return (
        'if __name__ == "__main__":\n'
        f"    network = {_class_name(report.name)}().eval()\n"
        f"{_wrapped(f'y = network({images})', '    ')}\n"
        f"    print({shown})\n"
    )


# The modules of the bridge that the program uses.


def _own(program: str) -> tuple[set[str], list[str]]:
    """The names that a program uses, and the definitions that it needs, each after those that it
    depends on."""
    used: set[str] = set()
    definitions: list[str] = []

    def visit(text: str, known: Mapping[str, Any]) -> None:
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Name) or node.id in used:
                continue
            used.add(node.id)
            thing: Any = known.get(node.id)
            home = getattr(thing, "__module__", "")
            if home.startswith("cnncalc."):
                definition = inspect.getsource(thing)
                visit(definition, vars(sys.modules[home]))
                definitions.append(definition)

    visit(program, vars(modules))
    return used, definitions


def _imports(used: set[str]) -> str:
    """The import statements for the names that a program uses and that the bridge's modules
    import."""
    found: dict[str, set[str]] = defaultdict(set)
    for part in discovery.modules(modules.__path__):
        for node in ast.parse(inspect.getsource(import_module(f"{modules.__name__}.{part}"))).body:
            if isinstance(node, ast.Import):
                found[""].update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found[node.module or ""].update(alias.name for alias in node.names)
    lines = [
        f"from {home} import {', '.join(kept)}\n" if home else f"import {', '.join(kept)}\n"
        for home, names in sorted(found.items())
        if (kept := sorted(names & used)) and not home.startswith("cnncalc.")
    ]
    standard = "".join(line for line in lines if "torch" not in line)
    torch = "".join(line for line in lines if "torch" in line)
    return f"{standard}\n{torch}" if standard else torch
