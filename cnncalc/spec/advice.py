"""Advice for a broken text: YAML errors, and the formats and words of other tools."""

import re
from collections.abc import Collection
from typing import Any, NamedTuple

WORDS = {
    **dict.fromkeys(("activation", "act"), "name the activation itself, such as relu"),
    **dict.fromkeys(
        ("type", "kind", "class_name"), "write the kind itself as the key, as in 'conv: {...}'"
    ),
    "transformer": "build it from attention, layer_norm and linear, as in 'cnncalc show vit_b_16'",
    "input": "write the shape under 'input' at the top of the spec",
    "input_layer": "write the shape under 'input' at the top of the spec",
    "sequential": "list its layers one after another, or define them as a block",
    "block": "write the name of the block itself as the key",
    "layers": "to nest or repeat several layers, define them as a block",
    "loss": "cnncalc counts networks without their loss",
    "cross_entropy_loss": "cnncalc counts networks without their loss",
}
"""Words of other tools that cnncalc spells differently or does not support, each with advice."""

FORMATS = {
    r"^[ \t]*\(\w+\): \w+\(": "a printed PyTorch model",
    r"^[ \t]*Layer \(type": "a summary that another tool printed",
    r"^[ \t]*layers?\s*\{": "a Caffe prototxt",
    r"^[ \t]*\[(net|network|convolutional|maxpool)\]": "a Darknet cfg",
    r"^[ \t]*(import \w|from [\w.]+ import |class \w+\(|def \w+\()": "Python code",
    r"^[ \t]*([\w.]+ = )?(\w+\.)*(Sequential\(|nn\.\w+\(|add\()": "Python code",
    r'^[ \t]*[{"].*"(class_name|keras_version)"': "a Keras model in JSON",
    r"^[ \t]*<\?xml": "XML",
    r"^[ \t]*(base_lr|lr_policy|max_iter|solver_mode)[ \t]*:": "a Caffe solver",
}
"""Patterns that recognize texts of other tools, each with a name for such a text."""

REMEDIES = {
    "a printed PyTorch model": "name its code, as in torchvision.models:resnet50",
    "Python code": "describe the network in YAML, or name a PyTorch model, as in my_module:MyNet",
    "a Caffe prototxt": "rename the file so that it ends in .prototxt",
    "a Darknet cfg": "rename the file so that it ends in .cfg",
    "a Keras model in JSON": "rename the file so that it ends in .json",
    "a Caffe solver": "give the file of the network that it trains",
}
"""What to do about a format; for any other format, describe the network."""

UNREADABLE = {
    **dict.fromkeys(
        ("pt", "pth", "ckpt", "safetensors"),
        "this format, which often holds only weights, cannot be read; give the model's Python "
        "name, as in torchvision.models:resnet50",
    ),
    "weights": "a file of weights does not say how layers are connected; give Darknet's .cfg",
    "caffemodel": "a .caffemodel cannot be read; give the network's .prototxt",
    **dict.fromkeys(
        ("pb", "tflite", "mlmodel"), "this format cannot be read; export the model to ONNX"
    ),
    **dict.fromkeys(
        ("h5", "hdf5"), "an HDF5 file cannot be read; save the Keras model as .keras or .json"
    ),
}
"""The extensions of files that cannot be read, each with an error message."""

LIVE = {"to_json": "from_keras", "named_parameters": "from_torch", "SerializeToString": "from_onnx"}
"""A method of the models of each tool, with the function that reads them. Keras comes first:
with PyTorch as their backend, its models are also modules of PyTorch."""


def live_model(model: Any) -> str:
    """The advice for a model of another tool in place of a network; empty for other objects."""
    found = next((function for name, function in LIVE.items() if hasattr(model, name)), "")
    return f"read a model with cnncalc.{found}" if found else ""


def binary_format(ending: str, read: Collection[str]) -> str:
    """The error for a file that no binary reader recognizes, by its extension; empty if it may be
    text. ``read`` lists the extensions of the binary formats."""
    if ending in read:
        return f"this is not a valid .{ending} file; export the model again"
    return UNREADABLE.get(ending, "")


def foreign_format(text: str, suffix: str = "") -> str:
    """The error for the text of another tool's file, whose name ends in ``suffix``; empty for any
    other text."""
    describe = "describe the network in YAML or in the one-line notation"
    for pattern, name in FORMATS.items():
        if re.search(pattern, text[:5_000], re.MULTILINE):
            remedy = REMEDIES.get(name, describe)
            if suffix and remedy.endswith(f" {suffix.lower()}"):
                fact = f"this looks like {name}, but it does not begin like one"
                return f"{fact}; check its first lines"
            return f"this looks like {name}; {remedy}"
    return ""


def word(kind: str) -> str:
    """The hint for a layer kind of another tool, or for one written like a function call."""
    bare = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()
    if match := re.match(r"(?:\w+\.)*(\w+) ?([({=])(\)?)", kind):
        if match[3]:
            return f"; write '{match[1]}'"
        return f"; write its fields as in '{match[1]}: {{...}}'"
    if " - " in kind:
        return "; indent the '- ' of every layer alike"
    return f"; {WORDS[bare]}" if bare in WORDS else ""


class Advice(NamedTuple):
    """A sentence about a YAML error, with its line and column, counted from 0."""

    sentence: str
    line: int
    column: int


def of_yaml(error: Any, text: str) -> Advice:
    """The probable mistake behind a YAML error, and its location."""
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: mark.column + 1]:
        return Advice(
            "YAML indents with spaces, not with tabs; replace the tab", mark.line, mark.column
        )
    if re.search("flow (mapping|sequence|node)", str(error.context)):
        return _bracket(_opening(text[: mark.index]), mark, lines)
    if "mapping values are not allowed" in str(error.problem):
        return _colon(lines, mark)
    return _other(error, mark, line, text)


def _other(error: Any, mark: Any, line: str, text: str) -> Advice:
    """Advice about colons, quotes, special characters and indentation; for any other error, the
    parser's own message."""
    context, problem = str(error.context or ""), str(error.problem)
    here = mark.line, mark.column
    if "expected ':'" in problem and error.context_mark:
        return _no_colon(text.splitlines()[error.context_mark.line].strip(), error.context_mark)
    if "quoted scalar" in context and error.context_mark:
        opened = error.context_mark
        return Advice("this quote is never closed; add a quote", opened.line, opened.column)
    if "cannot start any token" in problem:
        character = line[mark.column : mark.column + 1]
        return Advice(f"a value cannot start with {character!r}; put it in quotes", *here)
    if "block" in context:
        if line[mark.column : mark.column + 1] in ("}", "]"):
            return Advice(f"this {line[mark.column]!r} closes nothing; remove it", *here)
        if line[: mark.column].strip():
            return Advice("the value ends before this; put all of it in quotes", *here)
        return Advice("this line is not aligned with those above it; fix its indentation", *here)
    return Advice(f"the text is not valid YAML: {problem}", *here)


def _no_colon(line: str, mark: Any) -> Advice:
    """Advice about a line that is neither a key with a value nor an entry of a list."""
    if dash := re.match(r"[-–—•*]+\s*(?=\w)", line):
        entry = line[dash.end() :][:60]
        sentence = f"an entry of a list starts with a hyphen and a space; write '- {entry}'"
        return Advice(sentence, mark.line, mark.column)
    if glued := re.match(r"(\w+):\S", line):
        return Advice(_spaced(glued[1]), mark.line, mark.column)
    sentence = f"{line[:60]!r} is not a key with a value; add a colon"
    return Advice(sentence, mark.line, mark.column)


def _spaced(word: str) -> str:
    """The advice about a colon without a space after it."""
    return f"the colon after {word!r} needs a space; write '{word}: ...'"


def _opening(text: str) -> tuple[str, int, int]:
    """The last bracket still open where the text ends: the character, its line and its column."""
    open_at: list[int] = [0]
    for match in re.finditer(r"[\[{\]}]", text):
        if match[0] in "[{":
            open_at.append(match.start())
        elif len(open_at) > 1:
            open_at.pop()
    before = text[: open_at[-1]]
    return text[open_at[-1]], before.count("\n"), len(before) - before.rfind("\n") - 1


def _bracket(opening: tuple[str, int, int], stop: Any, lines: list[str]) -> Advice:
    """A list or mapping in brackets that is not closed, or is missing a comma."""
    bracket, number, column = opening
    end = "}" if bracket == "{" else "]"
    opened = lines[number][column:]
    bare = re.search(r"(?<!['\"])\$\{[^}]*\}?", opened)
    if bare:
        sentence = f'an expression inside braces needs quotes; write "{bare[0]}"'
        return Advice(sentence, number, column + bare.start())
    if opened.count(end) >= opened.count(bracket):
        line = "".join(lines[stop.line : stop.line + 1])  # nothing where the text ends
        late = re.search(r"[^\s,{\[:]\s+(\w+)$", line[: stop.column])
        if late and line.startswith(":", stop.column):
            return Advice(f"a comma is missing before {late[1]!r}", stop.line, late.start(1))
        return Advice(f"expected a comma or {end!r} here", stop.line, stop.column)
    return Advice(f"this {bracket!r} is never closed; add {end!r}", number, column)


def _colon(lines: list[str], mark: Any) -> Advice:
    """A colon where no value can start."""
    line, before = lines[mark.line], lines[mark.line - 1] if mark.line else ""
    alone = re.fullmatch(r"(\s*(?:- +)+)([\w.-]+)\s*", before)
    if alone:
        sentence = f"{alone[2]!r} has keys below it but no colon; write '{alone[2]}:'"
        return Advice(sentence, mark.line - 1, len(alone[1]))
    glued = re.search(r"([\w-]+)(:? ?)[{(]", line[: mark.column])
    if glued:
        sentence = f"{glued[1]!r} needs a colon and a space before its fields"
        return Advice(f"{sentence}; write '{glued[1]}: {{...}}'", mark.line, glued.start())
    glued = re.match(r"\s*(\w+):\S", before)
    if glued:
        return Advice(_spaced(glued[1]), mark.line - 1, glued.start(1))
    bare = re.fullmatch(r"(\w+) +([^\s:#][^:#]*)", before)
    if bare:
        sentence = f"{bare[1]!r} needs a colon and a space before its value"
        return Advice(f"{sentence}; write '{bare[1]}: {bare[2].strip()[:60]}'", mark.line - 1, 0)
    above = re.match(r"(\s*(?:- +)*)[\w.-]+: +\S", before)
    own = re.match(r"(\s*)([\w.-]+):(?:\s|$)", line)
    if above and own and len(own[1]) > len(above[1]):
        fact = f"{own[2]!r} is indented below a key that already has a value"
        return Advice(f"{fact}; fix its indentation", mark.line, len(own[1]))
    nested = re.match(r"(\s*(?:- +)*)(\w+): (\w+: .*)", line)
    if nested:
        fields = f"{nested[2]}: {{{nested[3].strip()}}}"
        sentence = (
            f"fields on the same line need braces; write '{fields[:80]}', or put text in quotes"
        )
        return Advice(sentence, mark.line, len(nested[1]))
    sentence = "a colon followed by a space starts a value, and none can start here"
    return Advice(f"{sentence}; put the text in quotes", mark.line, mark.column)
