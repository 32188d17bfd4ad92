"""Hostile input for ``tests/attack.py``: broken specs, odd answers, strange folders, wild options.

``draw(seed, number)`` always returns the same case. Commands, options, layer kinds, questions and
mistakes are discovered automatically, so new ones are covered without a change here.
"""

import copy
import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import hostile_models
import typer
import yaml

from cnncalc import cli, layers
from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.core.errors import CnncalcError
from cnncalc.core.parsing import fields_of
from cnncalc.homework import asks, feedback_formats, gradebook_formats, mistakes
from cnncalc.homework.question import Question, question
from cnncalc.spec import catalog

CANARY = "CANARY7f3a"
"""The content of files outside the working folder, which no output may ever show."""

OUTSIDE = {
    "secret.txt": f"root:{CANARY}:0:0\nbin:x:{CANARY}\n",
    "secret.yaml": f"{CANARY}_user: {CANARY}\npassword: [{CANARY}\n",
    "keys.yaml": f"{CANARY}: 1\nlayers: {CANARY}\n",
}


@dataclass
class Case:
    """One run of the program: its arguments, its folder and its standard input."""

    family: str
    argv: list[str]
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    fifos: list[str] = field(default_factory=list)
    modes: dict[str, int] = field(default_factory=dict)
    stdin: bytes = b""
    shell: str = ""
    """The shell command that starts a new process, with the program as ``$0 "$@"``; if empty, the
    case runs in the worker."""

    @property
    def size(self) -> int:
        """The size of the case, for choosing the smallest to replay."""
        return sum(map(len, [*self.argv, *self.files, *self.files.values(), self.stdin]))

    @property
    def torch(self) -> bool:
        """Whether the command needs PyTorch."""
        return self.argv[:1] in (["verify"], ["export"])

    @property
    def everything(self) -> bool:
        """Whether the command may read every built-in network."""
        return self.argv[:1] in (["list"], ["claims"])


# Values that few programs expect.

TEXTS = (
    "", " ", "x", "0", "-0", "00", "-1", "1e999", "nan", "inf", "None", "true", "same", "conv",
    "\n", "a\nb", "\r", "\t", "\x1b[31mred", "\x07", "\x7f", "\x9b31m", "\u202eabc", "\u200b",
    "1\u200b0", "\ufeff7", "\uff13\uff12", "\u0663", "\u00e9", "\u65e5\u672c", "\U0001f642",
    "=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1+1", "<script>alert(1)</script>", "&amp;",
    "../../x", "/", ".", "..", "-", "--", "~", "%s", "{0}", "$x", "$", "${", "${1//0}", "${9**9}",
    "\\", "\\input{x}", "'", '"', "`", "|", "a|b", "# x", "---", "...", "[", "{", "}", "a: b",
    "!!x", "&a", "*a", "a.b", "a" * 300, "a b", "1,234", "3x", "x3", "3x8x8", "3x0x8",
    "1x" * 40 + "1", "0x10", "9" * 99, "9" * 101, "9" * 5000, "1_000", "1e3", "1/3", "\u00bd",
    "\udcff",
)  # fmt: skip

NUMBERS = (
    0, 1, 2, 3, 5, 7, 8, 16, 64, 1000, -1, -7, 255, 10**6, 2**31, 2**63, 2**64, 10**18, 10**30,
    10**99, 10**100, 10**200, -(10**30), 0.5, -0.5, 1.5, 1e-300, 1e300,
)  # fmt: skip

SHAPES = (
    *("3x32x32", "4x12x12", "8x16x16", "8x9x7", "6x20", "4x6x8x8", "16") * 4,
    "3x32x32", "3x224x224", "1x28x28", "784", "3x16", "2x4x8x8", "1x1x1", "3x1x1", "3x7x9", "64",
    "224x224x3", "1000000x1000000x1000000", "1x" + "9" * 30, "3x-1x8", "3 x 8 x 8", "3,8,8",
)  # fmt: skip

WORDS = (
    "name", "from", "repeat", "when", "join", "shortcut", "branches", "residual", "takes", "layers",
    "input", "blocks", "parameters", "extends", "published", "variants", "note", "source", "<<",
    "student", "architecture", "answers", "questions", "given", "ask", "answer", "points",
    "choices", "tolerance", "credit", "batch", "dtype", "quantity", "value", "than", "set", "habit",
)  # fmt: skip


def wild(random: Random, depth: int = 2) -> Any:
    """Any value that YAML can express, rarely a valid one."""
    match random.randrange(10 if depth else 6):
        case 0 | 1:
            return random.choice(NUMBERS)
        case 2 | 3:
            return random.choice(TEXTS)
        case 4:
            return random.choice((None, True, False, [], {}, 0, 1, 2, 3))
        case 5:
            return random.choice(WORDS + kinds())
        case 6 | 7:
            return [wild(random, depth - 1) for _ in range(random.randrange(5))]
        case 8:
            return {random.choice(WORDS + kinds()): wild(random, depth - 1) for _ in range(2)}
        case _:
            return [[random.randrange(-1, 4) for _ in range(2)] for _ in range(random.randrange(4))]


# Specs.


@cache
def kinds() -> tuple[str, ...]:
    """The names of all layer kinds."""
    return tuple(kind.kind for kind in layers.every())


@cache
def built_in(name: str) -> Any:
    """The tree of a built-in network."""
    return yaml.load(catalog.path(name).read_bytes(), Loader=LOADER)


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes every repeated part in full."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def text_of(tree: Any, random: Random) -> bytes:
    """A tree as YAML, in blocks or in braces."""
    text = yaml.dump(
        plain(tree),
        Dumper=Dumper,
        allow_unicode=random.random() < 0.8,
        default_flow_style=random.choice((None, None, True, False)),
        sort_keys=False,
        width=random.choice((80, 10**6)),
    )
    return text.encode("utf-8", "surrogatepass")


def plain(tree: Any) -> Any:
    """A tree that YAML's writer accepts: plain data without lone surrogates."""
    if isinstance(tree, dict):
        return {plain(key): plain(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [plain(value) for value in tree]
    if isinstance(tree, str):
        return tree.encode("utf-8", "replace").decode()
    return tree if tree is None or isinstance(tree, int | float) else str(tree)


HANDMADE: tuple[Any, ...] = (
    {"input": 12, "layers": [{"linear": 5}, "relu", {"linear": 2}]},
    {
        "input": "3x20x20",
        "layers": [{"conv": {"filters": 4, "kernel": 3}}, "relu", {"max_pool": 2}, {"linear": 3}],
    },
    {
        "name": "unet",
        "input": "1x32x32",
        "layers": [
            {"conv": {"filters": 4, "kernel": 3, "padding": "same"}, "name": "down"},
            {"max_pool": 2},
            {"conv": {"filters": 8, "kernel": 3, "padding": 1}},
            {"conv_transpose": {"filters": 4, "kernel": 2, "stride": 2}, "name": "up"},
            {"concat": {"from": ["up", "down"]}},
            {"conv": {"filters": 1, "kernel": 1}},
        ],
        "published": [{"quantity": "params", "value": "1K", "source": "nobody"}],
    },
    {
        "input": {"a": "4x9x9", "b": "4x9x9"},
        "parameters": {"w": 4, "deep": True, "n": 2},
        "blocks": {
            "cell": {
                "takes": ["c", {"s": 1}],
                "layers": [
                    {"conv": {"filters": "$c", "kernel": 3, "stride": "$s", "padding": 1}},
                    {"group_norm": 2, "when": "$deep"},
                    {"relu": None},
                ],
            }
        },
        "layers": [
            {"cell": ["$w"], "from": "a", "name": "left"},
            {"cell": {"c": "${2 * w // 2}"}, "from": "b", "name": "right", "repeat": "$n"},
            {"add": {"from": ["left", "right"]}},
            {"branches": {"p": ["sigmoid"], "q": []}, "join": "multiply", "name": "gate"},
            {"residual": [{"cell": "$w"}], "shortcut": [{"conv": {"filters": 4, "kernel": 1}}]},
            {"global_avg_pool": None},
            {"linear": "${min(10, 3 * n)}"},
        ],
    },
    {
        "input": "2x4x8x8",
        "layers": [
            {"conv": {"filters": 4, "kernel": 3}},
            "instance_norm",
            {"upsample": 2},
            "softmax",
        ],
    },
    {
        "input": "8x30",
        "layers": [
            {"conv": {"filters": 8, "kernel": 5}},
            {"pad": 2},
            {"permute": [1, 0]},
            "layer_norm",
        ],
    },
    {"extends": "lenet5", "input": "1x32x32", "parameters": {"classes": 7}},
    {"extends": "1x28x28-8C5-MP2-10N", "name": "from a line"},
)

SIZES = (1, 1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 16)


def by_schema(schema: Mapping[str, Any], random: Random) -> Any:
    """A value that a field's JSON Schema allows, or sometimes one just outside its limits."""
    if "anyOf" in schema:
        return by_schema(random.choice(schema["anyOf"]), random)
    if "enum" in schema:
        return random.choice([*schema["enum"]])
    match schema.get("type"):
        case "integer":
            return random.choice(SIZES) - (random.random() < 0.02) + schema.get("minimum", 1) - 1
        case "number":
            return random.choice((0, 0.1, 0.5, 1, 1.0, 2, 1e-5))
        case "boolean":
            return random.random() < 0.5
        case "array":
            count = random.randint(schema.get("minItems", 0), schema.get("maxItems", 3))
            return [by_schema(schema.get("items", {}), random) for _ in range(count)]
        case "object":
            names = [*schema.get("properties", {"x": {}})]
            return {name: random.choice(SIZES) for name in random.sample(names, 1)}
    return random.choice(("same", "valid", "mean", 2, [2, 2], [1, -1], "x"))


def layer(random: Random, kind: str | None = None) -> dict[str, Any]:
    """A layer of any kind with random fields."""
    found = layers.find(kind or random.choice(kinds()))[0]
    given = {}
    for name, one in fields_of(found).items():
        required = name in ("out_channels", "kernel_size", "out_features", found.main)
        if random.random() < (0.98 if required else 0.15):
            spelling = random.choice((name, *one.also))
            given[spelling] = (
                by_schema(one.schema, random) if random.random() < 0.97 else wild(random)
            )
    made: dict[str, Any] = {found.kind: given or None}
    if found.main and random.random() < 0.2:
        made[found.kind] = given.get(found.main, random.choice(SIZES))
    return made


def fitting(shape: str, before: Sequence[Any], random: Random) -> dict[str, Any]:
    """A layer that usually fits after these."""
    for _ in range(6):
        one = layer(random)
        try:
            summarize({"input": shape, "layers": [*before[-2:], one]})
        except CnncalcError:
            continue
        break
    return one


def network(random: Random) -> dict[str, Any]:
    """A chain of random layers with a few joins."""
    made: list[Any] = []
    shape = random.choice(("4x12x12", "8x16x16", "6x20", "4x6x8x8", "16"))
    for number in range(random.randint(1, 9)):
        one = fitting(shape, made, random)
        if random.random() < 0.4:
            one["name"] = f"n{number}"
        if random.random() < 0.15 and number:
            one["from"] = random.choice((f"n{number - 1}", ["n0", f"n{number - 1}"], "input"))
        if random.random() < 0.1:
            one["repeat"] = random.choice((0, 1, 2, 3, 50))
        if random.random() < 0.1:
            one = {"residual": [one]} if random.random() < 0.5 else {"branches": [[one], []],
                   "join": random.choice(("concat", "add", "multiply"))}  # fmt: skip
        made.append(one)
    return {"name": "drawn", "input": shape, "layers": made}


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every container in a tree with each of its keys or positions."""
    found, waiting = [], [tree]
    while waiting:
        one = waiting.pop()
        inside = one.items() if isinstance(one, dict) else enumerate(one)
        for key, value in inside:
            found.append((one, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    return found


def deform(tree: Any, random: Random) -> Any:
    """Change one part of a tree in place; returns the tree, or its replacement."""
    spots = places(tree) if isinstance(tree, dict | list) else []
    if not spots or random.random() < 0.01:
        return wild(random)
    box, key = random.choice(spots)
    match random.randrange(11):
        case 0 | 1 | 2:
            box[key] = wild(random)
        case 3:
            del box[key]
        case 4:
            box[key] = copy.deepcopy(random.choice(spots)[0])
        case 5:
            box[key] = [box[key]] * random.choice((1, 2, 3, 40))
        case 6:
            for _ in range(random.choice((1, 2, 20, 80))):
                box[key] = random.choice(([box[key]], {"residual": [box[key]]}, {"x": box[key]}))
        case 7 if isinstance(box, dict):
            box[random.choice((*WORDS, *kinds(), *TEXTS[:60]))] = box.pop(key)
        case 8 if isinstance(box, dict):
            box[random.choice(WORDS)] = wild(random)
        case 9 if isinstance(box, list):
            box.insert(key, layer(random))
        case 10 if isinstance(box, list):
            random.shuffle(box)
        case _:
            old = box[key]
            box[key] = f"{old}{random.choice(TEXTS)}" if isinstance(old, str) else str(old)
    return tree


def damage(text: bytes, random: Random) -> bytes:
    """A text damaged as by a bad disk, a careless editor or a fuzzer."""
    at = random.randrange(len(text) + 1)
    lines = text.splitlines(keepends=True) or [b""]
    line = random.randrange(len(lines))
    match random.randrange(13):
        case 0:
            return text[:at] + bytes([random.randrange(256)]) + text[at + 1 :]
        case 1:
            return text[:at]
        case 2:
            return text[at:]
        case 3:
            del lines[line]
        case 4:
            lines[line : line + 1] = [lines[line]] * random.choice((2, 3, 60))
        case 5:
            lines[line] = random.choice((b" ", b"\t", b"  ")) + lines[line]
        case 6:
            random.shuffle(lines)
        case 7:
            return text[:at] + random.choice(TEXTS).encode("utf-8", "surrogatepass") + text[at:]
        case 8:
            return text.replace(b" ", b"\t", random.randrange(1, 9))
        case 9:
            return random.choice((text.decode("utf-8", "replace").encode("utf-16"),
                                  b"\xef\xbb\xbf" + text, text.replace(b"\n", b"\r\n"),
                                  text.replace(b"\n", b"\r"), text + b"\0"))  # fmt: skip
        case 10:
            return text[:at] + random.choice(b"{}[]:,-#&*!|>'\"%@`$?").to_bytes(1) + text[at:]
        case 11:
            return text.replace(b": ", b":", random.randrange(1, 4))
        case _:
            other = random.randrange(len(text) + 1)
            return text[:at] + text[min(at, other) : max(at, other)][:200] + text[at:]
    return b"".join(lines)


def sound_tree(random: Random) -> Any:
    """A spec before it is mutated."""
    match random.randrange(10):
        case 0 | 1 | 2 | 3:
            return copy.deepcopy(random.choice(HANDMADE))
        case 4 | 5:
            return copy.deepcopy(built_in(random.choice(catalog.names())))
    return network(random)


def spec_text(random: Random) -> bytes:
    """A spec in YAML: mutated as a tree, damaged as a text, or sometimes unchanged."""
    tree = sound_tree(random)
    kind = random.random()
    if kind < 0.45:
        for _ in range(random.choice((1, 1, 1, 1, 2, 5))):
            tree = deform(tree, random)
    text = text_of(tree, random)
    if kind > 0.4 and random.random() < 0.4:
        for _ in range(random.choice((1, 1, 1, 2, 5))):
            text = damage(text, random)
    return text


TOKENS = ("8C3", "16C5p2", "4C3s2d2", "MP2", "AP2x2", "MP3s2", "GAP", "10N", "5", "8C3g2", "3HL",
          "0C0", "9" * 30 + "N", "C", "8C", "8C3s0", "MP", "8C3x3x3", "1000000000C1", "",
          )  # fmt: skip


def notation(random: Random) -> str:
    """The one-line notation, usually well formed."""
    known = TOKENS[:9] if random.random() < 0.6 else TOKENS
    tokens = [random.choice(known) for _ in range(random.choice((1, 2, 3, 3, 4, 8, 300)))]
    line = "-".join([random.choice(SHAPES), *tokens])
    if random.random() < 0.2:
        at = random.randrange(len(line))
        line = line[:at] + random.choice(TEXTS) + line[at + random.randrange(2) :]
    return line


# Command lines.


@cache
def commands() -> dict[str, Any]:
    """The commands by name, as click has them."""
    group: Any = typer.main.get_command(cli.app)
    return {name: group.get_command(None, name) for name in cli.names()}


def takes(name: str) -> set[str]:
    """The names of a command's parameters."""
    return {parameter.name for parameter in commands()[name].params}


@cache
def spec_commands() -> tuple[str, ...]:
    """The commands whose first argument is a network and that need no PyTorch."""
    found = [name for name in cli.names() if {"spec", "specs"} & takes(name)]
    return tuple(name for name in found if name not in ("verify", "export"))


PICTURES = ("svg", "tikz", "dot", "mermaid", "text", "png")
"""Formats of pictures and of exports, besides those of tables."""

OUTPUTS = ("out.csv", "out.json", "out.md", "out.html", "out.tex", "out", "out.", "no/such/out.csv",
           ".", "folder", "\udcff.csv", "a\nb.md", "o" * 300 + ".md", "out.xyz", "net.yaml/x.csv",
           "\x1b[31m.csv", "-o", "out.svg", "out.dot", "out.yaml", "out.onnx")  # fmt: skip

POOLS: dict[str, Sequence[str]] = {
    **dict.fromkeys(("path", "calibration"), ("net.yaml", "pipe", "folder", "/dev/zero", "x", "")),
    "layout": ("chw", "hwc", "HWC", "x"),
    "format": ("json", "csv", "markdown", "latex", "html", "table", "text", "xml", "JSON",
               *PICTURES),
    "input": (*SHAPES, "input=3x8x8", "a=4x5x5", "b=4x6x6", "=", "left="),
    "settings": ("classes=7", "w=9", "n=0", "n=100000", "deep=false", "w=${n}", "x", "=1", "w=[1]"),
    "columns": ("all", "+rf", "name", "kind,shape", "+macs%,intensity", "input", "+rf,+rf", ","),
    "sort": ("macs", "params", "memory", "name", "rf", "shape", "%"),
    "fit": ("24GiB", "500MB", "1", "0", "1e3GB", "9" * 40 + "GB", "1KB", "-1GB", "GB", "0.5KiB"),
    "batch": ("1", "2", "7", "64", "0", "-1", "1000000", "9" * 30, "9" * 99, "x", "1.5"),
    "credit": ("slip=0.5", "follows=1", "right=0", "slip=2", "x=1", "slip=", "slip=1/3",
               "slip=50%"),
    "tolerance": ("1%", "0.01", "100%", "101%", "1/3", "-1", "1e-3"),
    "topics": ("shape", "params,macs", "rf,stride", "all", "shape,,", "x", ","),
    "level": ("easy", "medium", "hard", "x"),
    "count": ("1", "2", "5", "0", "-1", "40", "99999999999"),
    "seed": ("1", "0", "-5", "9" * 50, "x"),
    "export": gradebook_formats.names(),
    "page": (*feedback_formats.names(), "x"),
    "per_student": ("class.txt", "missing.txt", "folder", "net.yaml"),
    "pool": ("max:2", "avg:2", "max:3s2p1", "max:0", "max", "max:99", "avg:2x1"),
    "activation": ("relu", "sigmoid", "leaky_relu:0.1", "elu", "tanh", "leaky_relu:x", "relu:1"),
    "bias": ("0.1", "1,2", "1/3", "1/0", "x", "0.1,-0.2", "9" * 20),
    "padding": ("0", "1", "same", "valid", "2x1", "99", "1000000000", "-1", "1x1x1x1"),
    "stride": ("1", "2", "2x1", "0", "99", "9" * 30),
    "dilation": ("1", "2", "3", "0", "9" * 30),
    "steps": ("all", "none", "4", "0", "-1", "999999999"),
    "digits": ("0", "3", "15", "16", "-1"),
    "depth": ("0", "1", "2", "9", "-1"),
    "largest": ("1", "11", "101", "102", "0"),
    "device": ("cpu", "cuda", "meta", "tpu"),
    "style": ("graph", "volumes", "window", "field", "x"),
    "only": ("conv1", "left", "n0", "unet", "", "x"),
    "layer": ("conv1", "n0", "up", "left.conv1", "x"),
    "direction": ("down", "right", "up"),
    "label": ("macs", "params", "memory", "rf", "none", "x"),
    "colour": ("kind", "macs", "params", "memory", "rf", "x"),
    "over": ("batch=1,2", "classes=5,7", "w=2:8:2", "input=3x8x8,3x9x9", "dtype=float16,int8",
             "w=1:1e9:1", "w=0:1:0", "n=5:1:-1", "batch=" + "9" * 99, "x", "=", "w=", "w=1,,2",
             "deep=true,false", "w=0.1:0.9:0.1"),
    "show": ("params,macs", "peak,memory", "rf", "x", ",", ""),
    "where": ("macs < 300M", "params < 4M and macs > 1", "rf > 1 or", "1/0 < macs", "x < 1",
              "(" * 99, "macs < 9**9**9", "peak < 1GB"),
    "pareto": ("macs,params", "-macs", "rf,-params", "x", ","),
    "by": ("macs", "-params", "x", "-"),
    "best": ("1", "5", "0", "-1", "9" * 30),
    "to": ("yaml", "torch", "scalesim", "zigzag", "x"),
    "devices": ("net.yaml", "folder", "/dev/zero", "../outside/secret.yaml", "missing.yaml"),
    "calibration": ("net.yaml", "folder", "/dev/zero", "../outside/secret.yaml", "missing.yaml"),
    "ram": ("256kB", "1GiB", "1", "0kB", "x", "9" * 30),
    "flash": ("1MB", "1.5kB", "5000", "-1", "x"),
    "ratio": ("1.1", "1.1:1.2", "1:1", "0.5:2", "x", "9" * 12 + ":2", ":"),
}  # fmt: skip


def option(parameter: Any, random: Random) -> list[str]:
    """One option with a value, or a flag."""
    spelling = random.choice([*parameter.opts, *parameter.secondary_opts])
    if parameter.is_flag:
        return [spelling]
    if random.random() < 0.05:
        value = random.choice((*TEXTS, *map(str, NUMBERS)))
    elif parameter.name == "output" or "folder" in parameter.name:
        value = random.choice(OUTPUTS)
    elif parameter.name in POOLS:
        pool = POOLS[parameter.name]
        value = random.choice(pool[:3] if random.random() < 0.5 else pool)
    else:  # the help lists the valid words
        words = (parameter.help or "").replace(",", " ").replace(".", " ").split()
        value = random.choice([*words, "1", "2", "x"])
    if random.random() < 0.2 and spelling.startswith("--"):
        return [f"{spelling}={value}"]
    return [spelling, value]


def options(name: str, random: Random, often: float = 0.08) -> list[str]:
    """Random options of a command; none in half of the runs."""
    words: list[str] = []
    often *= random.random() < 0.5
    for parameter in commands()[name].params:
        if parameter.param_type_name == "option" and parameter.name not in ("help", "wanted"):
            while random.random() < often:
                words += option(parameter, random)
    if random.random() < 0.01:
        words += random.choice((["--help"], ["--nothing"], ["--"], [random.choice(TEXTS)]))
    return words


def command_on(network: str, tree_names: Sequence[str], random: Random) -> list[str]:
    """Any command that takes a network, with random options."""
    name = random.choice(spec_commands())
    words = [name, network]
    if name == "explain":
        known = ("conv1", "linear1", "n0", "left.conv1", "up", "x")
        words.append(random.choice(tree_names if random.random() < 0.7 else known))
        if random.random() < 0.3:
            words.append(random.choice(("parameters", "shape", "memory", "macs", "x")))
    elif name == "compare":
        others = (network, "lenet5", "1x28x28-8C5-MP2-10N", "../outside/secret.yaml", "x", "")
        words += [random.choice(others) for _ in range(random.choice((0, 1, 1, 1, 2, 9)))]
    elif name == "sweep":
        pool = POOLS["over"]
        words += [f"--over={random.choice(pool[:5] if random.random() < 0.7 else pool)}"
                  for _ in range(random.choice((0, 1, 1, 1, 2, 3)))]  # fmt: skip
        return [*words, *options(name, random), "--jobs=1"]  # more jobs would start processes
    elif name == "device":
        words += ["--on", random.choice(("t4", "a100,raspberry-pi-5", "stm32f746", "x", "", ","))]
    elif name == "reconcile":
        words.append(random.choice(("4.1G", "1K", "25.6M params", "97 MB", "0", "9" * 60, "x", "7%",
                                    "650 params", "1e9", "-5", "1.5 GFLOPs")))  # fmt: skip
    return words + options(name, random)


def names_in(text: bytes) -> list[str]:
    """The words after ``name:`` in a text."""
    lines = text.decode("utf-8", "replace").split("name: ")[1:20]
    return [line.split("\n")[0].strip("'\"},")[:60] or "x" for line in lines] or ["conv1"]


def a_spec(random: Random) -> Case:
    """A mutated spec, given to any command that takes one."""
    text = spec_text(random)
    from_stdin = random.random() < 0.1
    target = "-" if from_stdin else "net.yaml"
    argv = command_on(target, names_in(text), random)
    files = {"net.yaml": text, "folder/x": b"", "class.txt": b"ada\nbob\n"}
    return Case("spec", argv, files, stdin=text if from_stdin else b"")


def a_model(random: Random) -> Case:
    """A model file of another tool, sometimes damaged, given to any command that takes a network,
    or to a spec that extends it."""
    name = random.choice([*hostile_models.FILES])
    data = hostile_models.FILES[name](random)
    while random.random() < 0.3:
        data = damage(data, random)
    target = name if random.random() < 0.9 else random.choice(("net.yaml", "net", "x.keras"))
    case = Case("model", command_on(target, ["c", "conv1"], random), {target: data})
    if random.random() < 0.2:
        case.files["more.yaml"] = text_of({"extends": target, "layers": ["relu"]}, random)
        case.argv[1:2] = ["more.yaml"]
    return case


def reference(random: Random) -> str:
    """What a spec may name as a file; most of it must not be read."""
    return random.choice((
        "../outside/secret.txt", "../outside/secret.yaml", "../outside/keys.yaml", "link.yaml",
        "pipe", "folder", "other.yaml", "net.yaml", "vgg16", "vgg61", "../outside/none",
        "/dev/zero", "/proc/self/status", "/etc/hostname", "x" * 300, "-", "1x28x28-8C5-10N",
        *TEXTS[:40],
    ))  # fmt: skip


def an_extension(random: Random) -> Case:
    """A spec or a sheet that names a file it should not read."""
    files = {"folder/x": b"", "other.yaml": text_of(random.choice(HANDMADE), random)}
    case = Case("extends", [], files, links={"link.yaml": "../outside/secret.yaml"}, fifos=["pipe"])
    if random.random() < 0.5:
        tree: Any = {"extends": reference(random), "name": "mine"}
        case.argv = command_on("net.yaml", ["conv1"], random)
    else:
        asked = {"conv1": {"shape": "1x2x3"}}
        question = {"given": {"architecture": reference(random)}, "ask": "params", "answer": 7}
        tree = {"architecture": reference(random), "answers": asked, "questions": [question]}
        case.argv = ["grade", "net.yaml", *options("grade", random)]
    if random.random() < 0.1:
        tree = deform(tree, random)
    files["net.yaml"] = text_of(tree, random)
    return case


def a_line(random: Random) -> Case:
    """The one-line notation or the name of a built-in, possibly misspelt."""
    word = notation(random)
    if random.random() < 0.35:
        word = random.choice((*catalog.names(), *TEXTS)) + random.choice(("", "", "", ".yaml", "x"))
    return Case("notation", command_on(word, ["conv1"], random), {"class.txt": b"ada\n"})


def a_layer(random: Random) -> Case:
    """``cnncalc layer`` of any kind with any fields."""
    shape = random.choice(SHAPES[:28])
    one = fitting(shape, [], random) if random.random() < 0.6 else layer(random)
    kind = next(iter(one))
    words = [kind if random.random() < 0.97 else random.choice(TEXTS), shape]
    words += [random.choice(SHAPES) for _ in range(random.choice((0, 0, 0, 0, 0, 1, 2)))]
    given = one[kind] if isinstance(one[kind], dict) else {layers.find(kind)[0].main: one[kind]}
    given = {} if one[kind] is None else given
    for name, value in given.items():
        spelling = f"--{str(name).replace('_', '-')}"
        if value is True and random.random() < 0.5:
            words.append(spelling)
        elif isinstance(value, list) and all(type(size) is int for size in value):
            words += [spelling, "x".join(map(str, value))]
        else:
            words += [spelling, str(value)]
    if random.random() < 0.05:
        words.insert(random.randrange(len(words) + 1), random.choice(TEXTS))
    return Case("layer", ["layer", *words, *options("layer", random)])


def matrix(random: Random) -> str:
    """A matrix in one of the usual styles, possibly malformed."""
    if random.random() < 0.3:
        return random.choice(("random:5x5", "random:3x6x6", "random:9", "random:99x99", "box",
            "edge", "sobel_x", "gaussian:5", "box | box", "-", "m.csv", "m.yaml", "random:0x1",
            "box:15", "random:2x2:-9..9", "random:3x3:9..-9", "random:9999x9999", "box:4",
            *TEXTS))  # fmt: skip
    numbers = ("0", "1", "2", "-1", "0.5", "1/3", "9", "-0.25", "7", "1/7", "1e3", "x", "9" * 16)
    rows, wide = random.choice((1, 2, 3, 3, 5)), random.choice((1, 2, 3, 3, 5, 30))
    lines = (" ".join(random.choices(numbers[:9], k=wide)) for _ in range(rows))
    text = random.choice(("; ", "\n", " ; ")).join(lines)
    if random.random() < 0.1:
        at = random.randrange(len(text))
        text = text[:at] + random.choice((*TEXTS, *numbers, "|", ";", "[")) + text[at:]
    return text


def a_number(random: Random) -> Case:
    """The commands that work on numbers alone."""
    name = random.choice(("check-stride", "solve", "convolve", "convolve"))
    stdin = matrix(random).encode("utf-8", "surrogatepass")
    files = {"m.csv": stdin, "m.yaml": text_of([[1, 2], [3, wild(random)]], random)}
    if name == "convolve":
        words = [matrix(random) for _ in range(random.choice((2, 2, 2, 3, 1)))]
        return Case("numbers", [name, *words, *options(name, random)], files, stdin=stdin)
    sizes = ("1", "3", "7", "11", "224", "32x48", "9" * 20, "9" * 99, "9" * 101, "0", "-3", "7x",
             "1x2x3x4", "2,3", *TEXTS)  # fmt: skip
    words = [random.choice(sizes[:8] if random.random() < 0.8 else sizes) for _ in range(3)]
    if name == "solve":
        whole = (
            sizes if random.random() < 0.2 else ("1", "3", "7", "55", "224", "9" * 20, "0", "-3")
        )
        words = [f"--{word}={random.choice(whole)}" for word in ("input", "output", "kernel")
                 if random.random() < 0.6]  # fmt: skip
    return Case("numbers", [name, *words, *options(name, random, 0.3)], files)


# Answer sheets.


def posed(random: Random) -> dict[str, Any]:
    """A stand-alone question: what is given and what it asks."""
    ask = random.choice(asks.names())
    match random.randrange(8):
        case 0 | 1 | 2:
            shape = random.choice(("3x32x32", "8x16x16", "6x20", "4x6x8x8", "16", "1x7x7"))
            given: dict[str, Any] = {**layer(random), "input": shape}
            if ask == "required_stride" and random.random() < 0.8:
                given["output"] = random.choice((10, [8, 8, 8], "8x8x8", 3))
        case 3:
            tree = random.choice((network(random), random.choice(HANDMADE)))
            given = {"layers": tree.get("layers", ["relu"]), "input": tree.get("input", "3x9x9")}
            given["layer"] = random.choice(("n0", "conv1", "up", "left.conv1", None))
        case 4:
            name = random.choice((*catalog.names(), notation(random)))
            given = {"architecture": name, "layer": random.choice((None, "conv1", "fc6"))}
        case 5:
            letters = {letter: random.choice((0, 1, 2, 3, 7, 32, [3, 5])) for letter in "NFSPD"}
            given = {letter: size for letter, size in letters.items() if random.random() < 0.85}
            ask = random.choice((ask, "stride_legal", "required_stride", "same_padding"))
        case 6:
            given = {"input": matrix(random), "kernel": matrix(random)}
            for name in ("stride", "padding", "bias", "flip", "activation", "pool", "mode"):
                if random.random() < 0.2:
                    given[name] = random.choice((*POOLS.get(name, ("zero", True)), 1, 2))
            ask = random.choice((ask, "convolution", "convolution", "shape"))
        case _:
            name = random.choice(mistakes.names())
            examples = mistakes.load(name).examples
            if not examples:
                return {"given": layer(random), "ask": ask}
            example = random.choice(examples)
            ask = example.ask
            if isinstance(example.layers, str):
                given = {"architecture": example.layers}
            else:
                given = {"layers": [*example.layers], "input": example.input}
            return {"given": given, "ask": ask, "answer": odd(example.wrong, random)}
    for name in ("batch", "dtype"):
        if random.random() < 0.06:
            given[name] = random.choice((1, 2, 8, "float16", "int8", wild(random)))
    return {"given": given, "ask": random.choice((ask, *asks.load(ask).aliases, ask.upper()))}


def truth(one: Mapping[str, Any], random: Random) -> Any:
    """The answer to a question, or the wrong answer of a random mistake; None if there is none."""
    from cnncalc.core.errors import Where
    from cnncalc.homework.network import given_network
    from cnncalc.spec.text import located

    try:
        found = asks.find(one["ask"])
        asked = question(found, *given_network(located(one["given"], Where("")), found))
        return mistaken(asked, random).value
    except Exception:  # an error here occurs in the program too, and is found there
        return None


def mistaken(asked: Question, random: Random) -> Question:
    """The question, or the one that results from a random mistake."""
    if random.random() < 0.4:
        return asked
    others = [*mistakes.load(random.choice(mistakes.names())).other(asked)]
    return random.choice(others) if others else asked


def odd(value: Any, random: Random) -> Any:
    """A value as a student, or an attacker, might write it."""
    if isinstance(value, int) and not isinstance(value, bool):
        n = value
        forms: tuple[Callable[[], Any], ...] = (
            lambda: n,
            lambda: f"{n:,}",
            lambda: f"{n:,}".replace(",", random.choice((" ", ".", "'", "\u202f", "_"))),
            lambda: f"{n / 1e3:.{random.randrange(4)}f}{random.choice(('K', 'k', ' thousand'))}",
            lambda: f"~{n / 1e6:.{random.randrange(4)}f}{random.choice(('M', ' million', 'MB'))}",
            lambda: f"{n / 1024:.1f} {random.choice(('KiB', 'KB', 'Kbit', 'K'))}",
            lambda: f"{n:.3e}",
            lambda: f"{n}*1 = {n}",
            lambda: f"({n - 1}+1)",
            lambda: f"{n}.{'0' * random.randrange(5)}",
            lambda: n + random.choice((-1, 1, 10, -n, n)),
            lambda: "".join(chr(0xFF10 + int(d)) if d.isdigit() else d for d in str(n)),
            lambda: "\u200b".join(str(n)),
            lambda: f"{n} {random.choice(('params', 'bytes', 'MACs', 'px', '%', '!', 'x'))}",
            lambda: [n],
            lambda: {"answer": n},
        )
        return random.choice(forms)()
    if value is not None and random.random() < 0.6:
        text = str(value)
        cross = random.choice(("x", "\u00d7", " x ", "*", ",", " by ", "X", "\u2715"))
        return random.choice((text, text.replace("\u00d7", cross), f"({text})", text.upper(),
            "x".join(reversed(text.replace("\u00d7", "x").split("x"))), text + "x1"))  # fmt: skip
    junk = ("0T", "0e99", "0.0M", "yes", "no", "illegal", "legal", "a", "(B)", "b) 280", "?", "-",
            "1/0", "0/0", "9**9**9", "2^999", "10^6", "(1+", "1e400", "((((1))))", "1" * 290,
            "+".join("1" * 140), "*".join("9" * 140), "1 2; 3 4", "19 25; 37 43", "x", "55x55x96",
            "96x55x55", "1=2=3", "=", "= 5", "\u00b2", "5\u00b2", "\u221e", "\u00bd",
            "12 of 13")  # fmt: skip
    return random.choice((*junk, *TEXTS)) if random.random() < 0.8 else wild(random)


def entry(random: Random, number: int) -> dict[str, Any]:
    """A question with an answer and its terms."""
    one = posed(random)
    one.setdefault("answer", odd(truth(one, random), random))
    if random.random() < 0.7:
        one["name"] = random.choice((f"q{number}", number, random.choice(TEXTS), "q1"))
    for name, usual in (("points", 2), ("tolerance", "1%"), ("choices", [1, 2, "3x3x3"])):
        if random.random() < 0.1:
            one[name] = usual if random.random() < 0.6 else wild(random)
    return one


@cache
def report_of(name: str) -> Report:
    """The report of a built-in network."""
    return summarize(name)


QUANTITIES = ("shape", "params", "macs", "flops", "memory", "rf", "weights", "elements", "biases")


def by_layer(random: Random) -> dict[str, Any]:
    """Answers about a network, by layer and quantity."""
    usual = ("unet", "lenet5", "vgg16", "alexnet", "drawn", "drawn")
    name = random.choice(usual if random.random() < 0.7 else catalog.names())
    target = network(random) if name == "drawn" else name
    try:
        report = summarize(target) if name == "drawn" else report_of(name)
        rows = random.sample([row.name for row in report], min(3, len([*report])))
    except CnncalcError:
        report, rows = None, ["conv1", "n0"]
    answers: dict[str, Any] = {}
    for row in [*rows, random.choice(("totals", "x", "Conv 1", *TEXTS[:30]))]:
        for word in random.sample((*QUANTITIES, *asks.names()), random.choice((1, 2, 4))):
            value: Any = None
            if report is not None and random.random() < 0.6:
                with suppress(Exception):  # errors are found when the program runs
                    known = None if row == "totals" else row
                    value = mistaken(question(asks.find(word), report, known), random).value
            answer = odd(value, random)
            answers.setdefault(row, {})[word] = (
                {"answer": answer, "points": 2} if random.random() < 0.1 else answer
            )
    return {"architecture": target, "answers": answers}


def sheet(random: Random) -> dict[str, Any]:
    """An answer sheet as a tree."""
    made: dict[str, Any] = {}
    if random.random() < 0.5:
        made["student"] = random.choice(("Ada", *TEXTS))
    if random.random() < 0.45:
        made |= by_layer(random)
    if random.random() < 0.75 or "answers" not in made:
        made["questions"] = [entry(random, n) for n in range(random.choice((1, 1, 2, 4)))]
    for name in ("batch", "dtype", "input", "credit"):
        if random.random() < 0.05:
            made[name] = random.choice((2, "float16", "3x64x64", {"slip": 0.5}, wild(random)))
    return made


def cell(value: Any) -> str:
    """A value as a cell of a table."""
    return "" if value is None else str(value)


def table_of(made: Mapping[str, Any], form: str, random: Random) -> bytes:
    """A sheet as a CSV or a Markdown table."""
    tables = []
    rows = [["layer", "quantity", "answer"]]
    for name, own in (made.get("answers") or {}).items():
        rows += [[cell(name), cell(word), cell(answer)] for word, answer in own.items()]
    if len(rows) > 1:
        tables.append(rows)
    rows = [["question", "answer"]]
    for one in made.get("questions") or ():
        rows.append([cell(one.get("name", "1")), cell(one.get("answer"))])
    if len(rows) > 1:
        tables.append(rows)
    extra = random.choice(([], [], [], [""], ["", ""], ["x"]))
    between = random.choice((",", ",", ";", "\t")) if form == "csv" else " | "
    lines = [f"student{between if form == 'csv' else ': '}{cell(made.get('student', 'Ada'))}", ""]
    if isinstance(made.get("architecture"), str):
        lines.insert(1, f"architecture{between if form == 'csv' else ': '}{made['architecture']}")
    for one in tables:
        for at, row in enumerate(one):
            cells = [*row, *extra]
            if form == "csv":
                quoted = [f'"{c}"' if "," in c or random.random() < 0.1 else c for c in cells]
                lines.append(between.join(quoted))
            else:
                lines.append(f"| {between.join(cells)} |")
                if at == 0 and random.random() < 0.95:
                    lines.append("|" + "---|" * len(cells))
        lines.append("")
    return "\n".join(lines).encode("utf-8", "surrogatepass")


PARTS = {
    "[Content_Types].xml": """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.\
spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-\
officedocument.spreadsheetml.worksheet+xml"/></Types>""",
    "_rels/.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/\
officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": """<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": """<Relationships \
xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/\
worksheet" Target="worksheets/sheet1.xml"/></Relationships>""",
}  # fmt: skip
"""The parts of a workbook with one worksheet."""


def workbook(rows: Sequence[Sequence[str]], random: Random) -> bytes:
    """Rows as an Excel workbook, now and then with a hostile part."""
    start = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    lines = ["".join(map(partial(xml_cell, random), row)) for row in rows]
    page = start + "".join(f"<row>{line}</row>" for line in lines) + "</sheetData></worksheet>"
    parts = {**PARTS, "xl/worksheets/sheet1.xml": page}
    match random.randrange(40):
        case 0:
            entities = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 12))
            laughs = f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]>'
            parts["xl/worksheets/sheet1.xml"] = laughs + page.replace("</t>", "&a11;</t>")
        case 1:
            outside = '<!DOCTYPE x [<!ENTITY e SYSTEM "../../outside/secret.txt">]>'
            parts["xl/worksheets/sheet1.xml"] = outside + page.replace("</t>", "&e;</t>")
        case 2:
            parts["xl/worksheets/sheet1.xml"] = page.replace("<c ", '<c r="XFD1048576" ')
        case 3:
            parts["xl/worksheets/sheet1.xml"] = page + " " * 10 ** random.choice((6, 7, 8))
        case 4:
            parts["xl/worksheets/sheet1.xml"] = start + "<row>" * 100_000
        case 5:
            del parts[random.choice([*parts])]
        case 6:
            part = random.choice([*parts])
            parts[part] = damage(parts[part].encode("utf-8", "replace"), random).decode("latin-1")
        case 7:
            parts[random.choice(("../../x", "/etc/x", "xl/sharedStrings.xml", "a" * 300))] = "x"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part.encode("utf-8", "replace"))
    return stream.getvalue()


def xml_cell(random: Random, value: str) -> str:
    """A cell of a worksheet."""
    text = escape(plain(value))
    kind = "n" if value.isdecimal() else "inlineStr"
    if random.random() < 0.02:
        kind = random.choice(("str", "n", "b", "e", "d", "s"))
    if kind == "inlineStr":
        return f'<c t="inlineStr"><is><t>{text}</t></is></c>'
    return f'<c t="{kind}"><f>1+1</f><v>{text}</v></c>'


def notebook(text: str, random: Random) -> bytes:
    """A Markdown text as a Jupyter notebook, now and then deformed."""
    source: Any = text if random.random() < 0.5 else text.splitlines(keepends=True)
    tree: Any = {"cells": [{"cell_type": "markdown", "source": source}, {"cell_type": "code"}]}
    while random.random() < 0.3:
        tree = deform(tree, random)
    return json.dumps(plain(tree)).encode()


FORMS = ("csv", "md", "xlsx", "ipynb")
"""The file extensions of tables of answers."""


def table_file(made: Mapping[str, Any], form: str, random: Random) -> bytes:
    """A sheet as a table in a file of that form."""
    if form == "xlsx":
        text = table_of(made, "csv", random).decode("utf-8", "replace")
        return workbook([*csv.reader(text.replace("\r", " ").splitlines())], random)
    if form == "ipynb":
        return notebook(table_of(made, "md", random).decode("utf-8", "replace"), random)
    return table_of(made, form, random)


def sheet_text(made: dict[str, Any], form: str, random: Random) -> bytes:
    """A sheet in a file of that format, sometimes mutated or damaged."""
    if form == "yaml":
        tree: Any = made
        if random.random() < 0.3:
            for _ in range(random.choice((1, 1, 2, 4))):
                tree = deform(tree, random)
        text = text_of(tree, random)
    else:
        text = table_file(made, form, random)
    while random.random() < (0.15 if form != "xlsx" else 0.03):
        text = damage(text, random)
    return text


def a_sheet(random: Random) -> Case:
    """A single answer sheet."""
    form = random.choice(("yaml",) * 12 + FORMS)
    name = f"answers.{form}"
    text = sheet_text(copy.deepcopy(sheet(random)), form, random)
    return Case("sheet", ["grade", name, *options("grade", random)], {name: text, "folder/x": b""})


FOLDERS = ("", "", "", "ada/", "bob/", "a/x/", "b/x/", "__MACOSX/", "__pycache__/", ".git/", "x y/",
           "=1+1/", "\x1b[31m/", "\udcff/", "n\nm/", "<script>alert(1)</script>/")  # fmt: skip

STEMS = ("ada", "bob", "answers", "answers-1", "hw1", "=1+1", "@x", "-rf", "a b", "\x1b[31mred",
         "n\nm", "\udcff", "\u00e9", "\u65e5\u672c", "x" * 200, ".hidden", "__x", "CON", "a|b",
         "<script>alert(1)</script>", "..", "a%2fb", "\u202eabc", "ADA", "a'b", "`id`")  # fmt: skip


def usable(made: dict[str, Any]) -> dict[str, Any]:
    """A sheet with only those questions that make sense, as a key needs them."""
    about = {name: made[name] for name in ("architecture",) if name in made}
    answers: dict[str, Any] = {}
    for layer, own in (made.get("answers") or {}).items():
        for word, answer in own.items():
            if makes_sense({**about, "answers": {layer: {word: answer}}}):
                answers.setdefault(layer, {})[word] = answer
    alone = (made.get("questions") or ()) if isinstance(made.get("questions"), list) else ()
    questions = [one for one in alone if makes_sense({"questions": [one]})]
    return {**(about if answers else {}), "answers": answers, "questions": questions}


def makes_sense(tree: Mapping[str, Any]) -> bool:
    """Whether the program understands all questions of a sheet."""
    from cnncalc.core.errors import Where
    from cnncalc.homework.sheet import read
    from cnncalc.spec.text import located

    try:
        return all(one.question for one in read(located(tree, Where(""))).answers)
    except Exception:  # what goes wrong here goes wrong in the program, and is seen there
        return False


def hand_in(case: Case, key: dict[str, Any], random: Random) -> None:
    """Add a submission to a class."""
    form = random.choice(("yaml",) * 5 + FORMS)
    ending = form if random.random() < 0.9 else random.choice(("txt", "YAML", "", "yml", "zip"))
    name = f"in/{random.choice(FOLDERS)}{random.choice(STEMS)}.{ending}"
    own = copy.deepcopy(key)
    for one in own.get("questions") or ():
        if random.random() < 0.6:
            one["answer"] = odd(one.get("answer"), random)
    if random.random() < 0.5:
        own = {name: own[name] for name in ("answers", "questions") if name in own}
    match random.randrange(20):
        case 0:
            target = random.choice(("../key.yaml", "../../outside/secret.yaml", ".", "..", "x",
                                    "/etc/hostname", "/dev/zero"))  # fmt: skip
            case.links[name] = target
        case 1:
            case.fifos.append(name)
        case 2:
            case.files[name] = random.choice(
                (b"", b"\n", b"\0", b"PK\x03\x04", b"[", b"a: &a [*a]")
            )
        case 3:
            case.files[name] = sheet_text(own, form, random)
            case.modes[name] = 0
        case 4:
            case.files[f"{name}/answers.yaml"] = sheet_text(own, "yaml", random)
        case _:
            case.files[name] = sheet_text(own, form, random)


def a_class(random: Random) -> Case:
    """A key, or a folder of keys, and a folder of submissions."""
    key = copy.deepcopy(sheet(random))
    case = Case("class", [], {"folder/x": b""})
    if random.random() < 0.8:
        key = usable(key)
        case.files["key.yaml"] = text_of(key, random)
    else:
        case.files["key.yaml"] = sheet_text(copy.deepcopy(key), "yaml", random)
    keys = "key.yaml"
    if random.random() < 0.15:
        keys = "keys"
        for stem in random.sample(STEMS[:8], 2):
            case.files[f"keys/{stem}.yaml"] = text_of(key, random)
    for _ in range(random.choice((1, 2, 3, 5))):
        hand_in(case, key, random)
    case.argv = [
        "grade",
        keys,
        random.choice(("in", "in", "in", *case.files)),
        *options("grade", random),
    ]
    if random.random() < 0.5:
        case.argv += ["--feedback", "pages"]
    if random.random() < 0.4:
        case.argv += ["--export", random.choice(gradebook_formats.names()), "-o", "grades"]
    return case


# Large input.


def one_layer(fields: Any, **beside: Any) -> dict[str, Any]:
    """A network of one layer."""
    return {"input": "3x8x8", "layers": [{**fields, **beside}]}


def joined(inputs: Mapping[str, str], sources: Sequence[str], random: Random) -> dict[str, Any]:
    """A network in which one layer has very many inputs."""
    kind = random.choice(("multiply", "add", "concat"))
    return {"input": inputs, "layers": [{"relu": None, "name": "a", "from": sources[0]},
                                        {kind: {"from": [*sources]}}]}  # fmt: skip


def nested(word: str, random: Random) -> dict[str, Any]:
    """Blocks inside one another with long names."""
    one: dict[str, Any] = {"relu": None, "name": word}
    for _ in range(random.choice((1, 5, 20, 38))):
        one = {"residual": [one], "name": word}
    return one


def growing(n: int, random: Random) -> dict[str, Any]:
    """A repeated block that enlarges a map and shrinks it again, so that jumps become huge."""
    grow = random.choice((
        {"upsample": {"size": random.choice((7, 9, 99, 10**9))}},
        {"upsample": random.choice((2, 3))},
        {"conv_transpose": {"filters": 3, "kernel": 2, "stride": random.choice((2, 5))}},
    ))  # fmt: skip
    kernel, stride = random.choice((1, 3)), random.choice((1, 2, 9))
    shrink = {"conv": {"filters": 3, "kernel": kernel, "stride": stride}}
    made = [grow] if random.random() < 0.3 else [grow, shrink]
    return {
        "input": "3x8x8",
        "blocks": {"b": {"layers": made}},
        "layers": [{"b": None, "repeat": n}],
    }


def conditional(n: int, random: Random) -> dict[str, Any]:
    """A block of a few layers with long conditions, repeated."""
    when = "${" + " or ".join(["1 == 2"] * random.choice((1, 10, 30))) + "}"
    made = [{"relu": None, "when": when}] * random.choice((1, 2, 30))
    return {
        "input": "3x8x8",
        "blocks": {"b": {"layers": made}},
        "layers": [{"b": None, "repeat": n}],
    }


def doubling(n: int, random: Random) -> dict[str, Any]:
    """Blocks of ten blocks of ten blocks, or parameters that double one another."""
    if random.random() < 0.5:
        summed = {f"p{k}": f"${{p{k - 1} + p{k - 1}}}" for k in range(1, min(n, 20_000))}
        return {**one_layer({"linear": "$p9"}), "parameters": {"p0": 1, **summed}}
    depth = random.choice((3, 6, 30))
    blocks = {f"b{k}": {"layers": [{f"b{k - 1}": None}] * 10} for k in range(1, depth)}
    blocks["b0"] = {"layers": ["relu"]}
    return {"input": "3x8x8", "blocks": blocks, "layers": [{f"b{depth - 1}": None}]}


def wide(n: int, random: Random) -> dict[str, Any]:
    """Very many layers, branches, inputs or sources side by side."""
    few = min(n, 30_000)
    many = {f"i{k}": "3x8x8" for k in range(few)}
    return random.choice((
        {"input": "3x8x8", "layers": ["relu"] * min(n, 90_000)},
        {"input": "3x8x8", "layers": [{"branches": [["relu"]] * few, "join": "concat"}]},
        joined(many, [*many], random),
        joined({"a0": "3x8x8"}, ["a0"] * few, random),
    ))  # fmt: skip


def many_layers(n: int, random: Random) -> dict[str, Any]:
    """One layer of any kind, repeated."""
    own = random.choice((None, 1, 2, 3, {"filters": 3, "kernel": 3, "padding": 1}))
    if random.random() < 0.3:
        own = {"filters": 60, "kernel": 3, "padding": 1, "connections": [[0, 1, 2]] * 60}
        return one_layer({"conv": own}, repeat=n)
    return one_layer({random.choice(kinds()): own}, repeat=n)


def huge_sizes(n: int, random: Random) -> dict[str, Any]:
    """Sizes that fit into no memory."""
    size = 10 ** random.choice((9, 30, 99, 100))
    fields = random.choice(({"conv": {"filters": size, "kernel": 1}}, {"linear": size},
                            {"pad": size}, {"upsample": size}))  # fmt: skip
    shape = random.choice(
        ("3x8x8", [size] * random.choice((1, 2, 3)), "x".join("3" * min(n, 9999)))
    )
    return {"input": shape, "layers": [fields] * random.choice((1, 2, min(n, 3_000)))}


def long_words(n: int, random: Random) -> dict[str, Any]:
    """Long texts in place of short ones."""
    text = random.choice(("\n", "a ", "[", "\u00e9", "x", "1", "$x ", "- ")) * min(4 * n, 4_000_000)
    small = one_layer({"conv": {"filters": 4, "kernel": 3}})
    few = text[:50_000]
    return random.choice((
        {**small, random.choice(("note", "name", "source", "input", "extends")): text},
        {**small, random.choice(WORDS): few},
        one_layer({"conv": {"filters": 4, "kernel": 3}}, name=few),
        one_layer({"conv": {"filters": 4, "kernel": 3}}, **{random.choice(("from", "when")): few}),
        one_layer({few: None}),
        {**small, "published": [{"quantity": "params", "value": few, "source": few}]},
    ))  # fmt: skip


def long_sheets(n: int, random: Random) -> dict[str, Any]:
    """Answer sheets with very many or very large questions."""
    given = {"conv": {"filters": 4, "kernel": 3}, "input": "3x8x8"}
    one = {"given": given, "ask": random.choice(asks.names()), "answer": 7}
    layers_of = {"layers": [{"relu": None, "repeat": n}], "input": "3x8x8"}
    by_name = {f"c{k}": {"shape": 1} for k in range(min(n, 20_000))}
    long = random.choice(("1+", "(", "9*", "x", "1 ")) * min(n, 20_000)
    return random.choice((
        {"answers": by_name, "architecture": "vgg16"},
        {"questions": [one] * min(n, 200)},
        {"questions": [{**one, "given": layers_of}]},
        {"questions": [{**one, "answer": long}]},
        {"student": "\n" * min(n, 50_000), "questions": [one]},
    ))  # fmt: skip


BOMBS = (growing, conditional, doubling, wide, many_layers, huge_sizes, long_words, long_sheets)

RAW = (
    b"[",
    b"{a: ",
    b"&a [",
    b"- ",
    b"? ",
    b"\n",
    b"#",
    b"x: '\n",
    b"a: b\n",
    b"\t",
    b"- a\n",
    b'"',
)
"""The parts of a text that is not made from a tree."""


def a_bomb(random: Random) -> Case:
    """A text that would expand without limit."""
    n = random.choice((1_000, 10_000, 20_000, 50_000, 90_000, 100_000, 1_000_000, 10**9))
    make = random.choice((*BOMBS, None, None))
    if make is not None:
        tree = make(n, random)
        text = text_of(tree, random)
    elif random.random() < 0.5:
        tree = {"input": "3x8x8", "layers": [{**nested("n" * random.choice((1, 50, 300)), random),
                                              "repeat": n}]}  # fmt: skip
        text = text_of(tree, random)
    else:
        part = random.choice(RAW)
        tree, text = {}, part * min(n, 4_900_000 // len(part))
    if "questions" in tree or "answers" in tree:
        argv = ["grade", "net.yaml", *options("grade", random)]
    else:
        argv = command_on("net.yaml", ["conv1", "relu1"], random)
    return Case("bomb", argv, {"net.yaml": text, "folder/x": b""})


# Everything else.


def a_quiz(random: Random) -> Case:
    """Question sheets, practice, and the lists."""
    names = [random.choice((*STEMS, *TEXTS)) for _ in range(random.choice((1, 2, 5)))]
    text = (
        random.choice(("\n", "\n", "\r\n", "\n\n", ","))
        .join(names)
        .encode("utf-8", "surrogatepass")
    )
    if random.random() < 0.2:
        text = damage(text, random)
    files = {"class.txt": text, "net.yaml": b"a\n", "folder/x": b""}
    name = random.choice(("quiz", "quiz", "quiz", "practice"))
    words = options(name, random, 0.25)
    if "--count" not in " ".join(words) and random.random() < 0.7:
        words += ["--count", random.choice(("1", "2", "3"))]
    if name == "quiz" and random.random() < 0.4:
        words += ["--per-student", "class.txt", "-o", random.choice(OUTPUTS)]
    case = Case("quiz", [name, *words], files)
    answers = [str(odd(random.randrange(2000), random)) for _ in range(random.choice((0, 3, 30)))]
    case.stdin = "\n".join(answers).encode("utf-8", "surrogatepass")
    return case


def a_list(random: Random) -> Case:
    """The commands that list and explain, and meaningless command lines."""
    name = random.choice(
        ("kinds", "mistakes", "show", "schema", "list", "claims", "devices", "", "x")
    )
    known = {"kinds": kinds(), "mistakes": mistakes.names(), "show": catalog.names(),
             "claims": catalog.names()}.get(name, ("",))  # fmt: skip
    word = random.choice((*known, random.choice(TEXTS)))
    if name == "list":
        word = "--names" if random.random() < 0.97 else ""
    elif name == "claims" and random.random() < 0.97:
        word = random.choice(catalog.names())
    words = options(name, random) if name in commands() else [random.choice(TEXTS)]
    if random.random() < 0.1:
        words.append(random.choice(("--help", "--version", "--debug", "--install-x", "\udcff")))
    return Case("lists", [word for word in (name, word, *words) if word])


def with_torch(random: Random) -> Case:
    """A handful of runs that need PyTorch."""
    text = text_of(random.choice((*HANDMADE, network(random))), random)
    if random.random() < 0.3:
        text = damage(text, random)
    name = random.choice(("export", "export", "verify"))
    words = options(name, random, 0.05)
    if name == "verify":
        words += ["--device", "meta"]
    words = [word for word in words if word != "--all-architectures"]
    return Case("torch", [name, "net.yaml", *words], {"net.yaml": text})


SHELLS = (
    '"$0" "$@"', '"$0" "$@" >&-', '"$0" "$@" 2>&-', '"$0" "$@" <&-', '"$0" "$@" | head -c 10',
    '"$0" "$@" >/dev/full', 'LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 "$0" "$@"',
    'PYTHONIOENCODING=ascii "$0" "$@"', 'PYTHONIOENCODING=latin-1 "$0" "$@"',
    'COLUMNS=1 "$0" "$@"', 'COLUMNS=x TERM=dumb "$0" "$@"', 'PYTHONWARNINGS=error "$0" "$@"',
    'PYTHONOPTIMIZE=2 "$0" "$@"', 'cd / && cd - >/dev/null && rm -rf folder && "$0" "$@"',
)  # fmt: skip


def a_process(random: Random) -> Case:
    """A new process with an unusual locale, broken streams or a broken terminal."""
    make = random.choice((a_spec, a_class, a_quiz, a_sheet, a_line, a_list, a_layer))
    case = make(random)
    case.family = "process"
    case.shell = random.choice(SHELLS)
    return case


FAMILIES: dict[Callable[[Random], Case], float] = {
    a_spec: 34,
    a_sheet: 20,
    a_layer: 11,
    a_class: 8,
    a_number: 8,
    a_model: 4,
    a_line: 6,
    a_quiz: 3.5,
    a_list: 2.5,
    an_extension: 2,
    a_bomb: 0.6,
    with_torch: 0.1,
    a_process: 0.3,
}
"""The families of cases, and their percentages."""


def draw(seed: int, number: int, families: Sequence[str] = ()) -> Case:
    """The case with this number, which is always the same."""
    random = Random(f"{seed} {number}")
    chosen = {make: share for make, share in FAMILIES.items()
              if not families or make.__name__.partition("_")[2] in families}  # fmt: skip
    (make,) = random.choices([*chosen], [*chosen.values()])
    case = make(random)
    case.argv = [word.replace("\0", "") for word in case.argv]
    return case
