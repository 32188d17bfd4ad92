"""Run the program on hostile input, and look for crashes, hangs, high memory use and leaks.

    python tests/attack.py --inputs 100000 --seed 1 --jobs 2
    python tests/attack.py --seed 1 --only 4711 --keep /tmp/case

Every input is a complete command-line run in its own folder (``hostile.py`` generates them). Runs
share worker processes; a failure counts only if it recurs in a fresh process.
``--only`` replays one input, and shows it and everything that the program wrote.

A run fails when it

- ends with a traceback, a crash, an exit code other than 0, 1 and 2, or with 2 and no message;
- takes more than 2 s of processor time, or hangs;
- needs 300 MB more memory than the idle program;
- writes a control character, or an error line of more than 2,000 characters;
- writes HTML or Markdown with a raw tag, or a CSV cell that a spreadsheet runs as a formula;
- writes outside its folder, starts a process or opens a connection;
- shows a file that it was not given (the canaries in ``outside``).

The limits of time and memory are ten times as high for runs that need PyTorch or read every
built-in network.
"""

import contextlib
import csv
import functools
import gc
import importlib
import io
import json
import os
import re
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from hostile import CANARY, OUTSIDE, Case, draw

from cnncalc import cli
from cnncalc.render import web

MB = 1_000_000
SECONDS = 2.0
MEMORY = 300 * MB
LONGEST_LINE = 2_000
FACTOR = 10
"""The factor on the limits for runs that need PyTorch or read every built-in network."""

STILL = 60
"""Seconds that a worker may be silent before it is killed."""

GROWN = 150 * MB
"""A worker whose caches have grown by this much is replaced."""


class Overtime(BaseException):
    """A run exceeded its time, or waits forever."""


# One run.


def lay_out(case: Case, folder: Path) -> Path:
    """Write a case's files below the folder; returns the working directory of the program."""
    work = folder / "work"
    work.mkdir(parents=True)
    (folder / "outside").mkdir()
    for name, text in OUTSIDE.items():
        (folder / "outside" / name).write_text(text)
    for name, make in (
        *(
            (name, lambda path, data=data: path.write_bytes(data))
            for name, data in case.files.items()
        ),
        *((name, lambda path, to=to: path.symlink_to(to)) for name, to in case.links.items()),
        *((name, os.mkfifo) for name in case.fifos),
    ):
        with contextlib.suppress(OSError):  # two files may have the same path
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            make(path)
    for name, mode in case.modes.items():
        with contextlib.suppress(OSError):
            (work / name).chmod(mode)
    return work


def memory(field: str) -> int:
    """A line of /proc/self/status in bytes: VmRSS, or VmHWM for the most since it was reset."""
    match = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(match[1]) * 1024 if match else 0


class Watch:
    """What a run does outside its folder, according to Python's audit events."""

    def __init__(self) -> None:
        self.folder = ""
        self.named: set[str] = set()
        """Files and folders that the arguments name; a run may write these even outside."""
        self.seen: list[str] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Record forbidden actions."""
        if not self.folder or (
            event in ("open", "object.__getattr__") and not self.writes(event, args)
        ):
            return
        if event in ("socket.connect", "subprocess.Popen", "os.system", "os.exec", "os.fork"):
            self.seen.append(f"{event} {args!r:.100}")
        elif event in ("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink",
                       "os.link", "os.chmod", "os.truncate", "os.utime"):  # fmt: skip
            for path in args[: 2 if event in ("os.rename", "os.link") else 1]:
                if isinstance(path, str | bytes | os.PathLike):
                    real = os.path.realpath(os.fsdecode(path))
                    cache = re.search("/__pycache__(/|$)|torchinductor", real)  # of Python, PyTorch
                    own = real.startswith(self.folder) or cache
                    named = real == os.devnull or any(
                        real == place or Path(real).is_relative_to(place) for place in self.named
                    )
                    if not own and not named:
                        self.seen.append(f"{event} {real}")

    def writes(self, event: str, args: tuple[Any, ...]) -> bool:
        """Whether a file is opened for writing."""
        changes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        return event == "open" and isinstance(args[2], int) and bool(args[2] & changes)


def inside(case: Case, work: Path, watch: Watch, rest: int, overtime: int = 2) -> dict[str, Any]:
    """Run a case in this process and return the result; a case that takes ``overtime`` times its
    limit is interrupted."""
    streams = {
        name: io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for name in ("stdout", "stderr")
    }
    stdin = io.TextIOWrapper(io.BytesIO(case.stdin), encoding="utf-8", errors="surrogateescape")
    before = sys.stdin, sys.stdout, sys.stderr, sys.argv
    old = os.getcwd()
    os.chdir(work)
    sys.stdin, sys.stdout, sys.stderr = stdin, streams["stdout"], streams["stderr"]
    sys.argv = ["cnncalc", *case.argv]
    slow = FACTOR if case.torch or case.everything else 1
    Path("/proc/self/clear_refs").write_text("5")
    signal.setitimer(signal.ITIMER_PROF, overtime * SECONDS * slow)
    signal.setitimer(signal.ITIMER_REAL, 0.5 * STILL)
    watch.folder, watch.seen = str(work), []
    watch.named = {os.path.realpath(word.partition("=")[2] or word) for word in case.argv}
    start = time.process_time()
    code, trace = 0, ""
    try:
        cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException as error:  # uncaught exceptions are what we look for
        code, trace = -1, "".join(traceback.format_exception(error, limit=-12))
    finally:
        seconds = time.process_time() - start
        watch.folder = ""
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        outputs = {name: taken(stream) for name, stream in streams.items()}
        sys.stdin, sys.stdout, sys.stderr, sys.argv = before
        os.chdir(old)
    return {
        "code": code,
        "seconds": seconds,
        "memory": max(0, memory("VmHWM") - rest),
        "trace": trace,
        "outside": watch.seen[:3],
        **outputs,
    }


def taken(stream: io.TextIOWrapper) -> bytes:
    """What was written to a stream, even if it was closed."""
    try:
        stream.flush()
        return stream.buffer.getvalue()  # type: ignore[attr-defined,no-any-return]
    except ValueError:
        return b""


def apart(case: Case, work: Path) -> dict[str, Any]:
    """Run a case in a new process, started by a shell."""
    environment = os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[2])}
    script = work.parent / "cnncalc"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cnncalc "$@"\n')
    script.chmod(0o755)
    words = ["sh", "-c", case.shell, str(script), *case.argv]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            list(map(os.fsencode, words)), cwd=work, env=environment, input=case.stdin,
            capture_output=True, timeout=STILL / 2, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"code": -1, "seconds": 0, "memory": 0, "trace": "Overtime: hangs",
                "outside": [], "stdout": b"", "stderr": b""}  # fmt: skip
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = done.stderr.decode("utf-8", "replace")
    broken = "Traceback (most recent" in text or "Exception ignored" in text
    return {
        "code": done.returncode,
        "seconds": now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime - 0.6,
        "memory": 0,
        "trace": text if broken else "",
        "outside": [],
        "stdout": done.stdout,
        "stderr": done.stderr,
    }


def keep_commands() -> None:
    """Build each command only once: building takes longer than most runs, and no state is kept."""
    build, load = typer.main.get_command, cli.Commands.get_command
    group = build(cli.app)

    @functools.cache
    def loaded(name: str) -> Any:
        return load(group, None, name)  # type: ignore[arg-type]

    cli.Commands.get_command = lambda self, ctx, name: loaded(name)  # type: ignore[method-assign]
    typer.main.get_command = lambda app: group if app is cli.app else build(app)


def arm() -> None:
    """Let the timers that ``inside`` sets interrupt a run."""

    def ring(number: int, frame: Any) -> None:
        raise Overtime

    signal.signal(signal.SIGPROF, ring)
    signal.signal(signal.SIGALRM, ring)


# What counts as a failure.

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,]*$)")
CODE = re.compile("`[^`\n]*`")
"""Code in Markdown, where tags are text."""
OWN_SCRIPT = f"<script>{(Path(web.__file__).parent / 'script.js').read_text('utf-8')}</script>"
TAG = re.compile(r"(?<!\\)<script\b", re.IGNORECASE)


def failures(case: Case, found: dict[str, Any], work: Path) -> Iterator[tuple[str, str]]:
    """Each failure of a run: its kind, and the detail that distinguishes it from others."""
    slow = FACTOR if case.torch or case.everything else 1
    if found["trace"]:
        yield culprit(found["trace"])
    elif found["code"] not in (0, 1, 2):
        yield "exit code", str(found["code"])
    elif found["code"] == 2 and not found["stderr"].strip() and not case.shell:
        yield "no reason", "exit code 2 and an empty stderr"
    if found["seconds"] > SECONDS * slow:
        yield "slow", f"{case.family} {case.argv[0] if case.argv else ''}"
    if found["memory"] > MEMORY * slow:
        yield "memory", f"{case.family} {case.argv[0] if case.argv else ''}"
    for place in found["outside"]:
        yield "outside", re.sub(r"\d+", "N", place)
    texts = {"stdout": found["stdout"], "stderr": found["stderr"]}
    for path in sorted(work.rglob("*")):
        name = str(path.relative_to(work))
        if path.is_file() and not path.is_symlink() and name not in case.files:
            texts |= contents(name, path.read_bytes())
    for name, data in texts.items():
        yield from wrong_in(name, data.decode("utf-8", "replace"), case)


def contents(name: str, data: bytes) -> dict[str, bytes]:
    """The texts in a written file, by their kinds."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return {ending(name): data}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [one for one in archive.namelist() if not one.endswith(".whl")]  # cnncalc itself
        parts = {ending(one): archive.read(one) for one in names}
    return {**parts, f"the names in {ending(name)}": "\n".join(archive.namelist()).encode()}


def ending(name: str) -> str:
    """The kind of a written file; its name may be anything."""
    return f"a written {Path(name).suffix or 'file'}"


def culprit(trace: str) -> tuple[str, str]:
    """The exception and the innermost line of the program that it passed through."""
    lines = [line.strip() for line in trace.strip().splitlines()]
    places = re.findall(r'cnncalc/([\w/]+\.py)", line (\d+), in (\w+)', trace)
    last = next(
        (
            line
            for line in reversed(lines)
            if re.match(
                r"[\w.]+(Error|Exception|Overtime|Interrupt|Broken\w*|Recursion\w*)?(:|$)", line
            )
        ),
        lines[-1],
    )
    where = f"{places[-1][0]} in {places[-1][2]}" if places else ""
    kind = last.partition(":")[0].rpartition(".")[2]
    return ("slow" if kind == "Overtime" else "traceback"), f"{kind} {where}"


def wrong_in(name: str, text: str, case: Case) -> Iterator[tuple[str, str]]:
    """Each thing in an output that no output may contain: its kind, and where it is."""
    who = case.argv[0] if case.argv else ""
    if CANARY in text:
        yield "disclosure", f"{name} of {who}"
    table = is_form(name, case, "csv", ".csv")
    # -f csv -o marks.json writes CSV to marks.json
    rows = name.endswith(".csv") or asks_for(case, "csv")
    found = CONTROL.search(text.replace("\r\n", "\n") if rows else text)
    picture = name == "stdout" and (asks_for(case, "png") or asks_for(case, "pdf"))
    if found and not picture:
        yield "control character", f"{found[0]!r} in {name} of {who}"
    if name == "stderr" and max(map(len, text.splitlines()), default=0) > LONGEST_LINE:
        yield "long line", f"{name} of {who}"
    if is_form(name, case, "html", ".html") and TAG.search(text.replace(OWN_SCRIPT, "")):
        yield "raw tag", f"{name} of {who}"
    if is_form(name, case, "markdown", ".md") and TAG.search(CODE.sub("", text)) and who != "show":
        yield "raw tag", f"{name} of {who}"
    if table:
        with contextlib.suppress(csv.Error):
            cells = (cell for row in csv.reader(io.StringIO(text)) for cell in row)
            if any(FORMULA.match(cell) and len(cell) > 1 for cell in cells):
                yield "formula", f"{name} of {who}"


def is_form(name: str, case: Case, form: str, suffix: str) -> bool:
    """Whether an output is in this form."""
    if name == "stdout":
        return asks_for(case, form) and not {"--help", "-h"} & {*case.argv}
    others = (asks_for(case, other) for other in FORMATS if other != form)
    return name.startswith("a written") and name.endswith(suffix) and not any(others)


FORMATS = ("csv", "html", "json", "latex", "markdown", "table")


def asks_for(case: Case, form: str) -> bool:
    """Whether a run's arguments name this form; the last one counts."""
    named = [
        word.partition("=")[2] or after
        for word, after in pairwise([*case.argv, ""])
        if word.startswith(("--format", "-f")) and not word.startswith("--fe")
    ]
    return named[-1:] == [form]


# Workers.


def worker(seed: int, families: Sequence[str]) -> None:
    """Run the cases whose numbers arrive on standard input, and write the result of each."""
    answers = os.fdopen(os.dup(1), "w")
    questions = os.fdopen(os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(null, stream)
    for name in cli.names():
        importlib.import_module(f"cnncalc.cli.{name.replace('-', '_')}")
    for module in sorted(Path(cli.__file__).parents[1].rglob("*.py")):
        parts = module.relative_to(Path(cli.__file__).parents[2]).with_suffix("").parts
        if "bridge" not in parts and not parts[-1].startswith("__"):
            importlib.import_module(".".join(parts))

    keep_commands()
    arm()
    watch = Watch()
    for word in (["summarize", "lenet5"], ["summarize", "lenet5", "-f", "json"]):
        with tempfile.TemporaryDirectory() as home:
            inside(Case("", word), lay_out(Case("", word), Path(home)), watch, 0)
    gc.collect()
    gc.freeze()
    rest = memory("VmRSS")
    ready_for_torch = False
    resource.setrlimit(resource.RLIMIT_AS, (6_000 * MB, resource.RLIM_INFINITY))
    for line in questions:
        number = int(line)
        case = draw(seed, number, families)
        if case.torch and not ready_for_torch and not case.shell:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
            with contextlib.suppress(ImportError):
                import torch  # noqa: F401
            ready_for_torch, rest = True, memory("VmRSS")
        rest = min(rest, memory("VmRSS"))
        home = Path(tempfile.mkdtemp(prefix="attack-"))
        try:
            work = lay_out(case, home)
            found = apart(case, work) if case.shell else inside(case, work, watch, rest)
            wrong = sorted(set(failures(case, found, work)))
        finally:
            shutil.rmtree(home, ignore_errors=True)
        gc.enable()
        del found["stdout"], found["stderr"]
        grown = memory("VmRSS") - rest
        record = {"number": number, "family": case.family, "size": case.size, "wrong": wrong,
                "command": "".join(case.argv[:1]), "grown": grown, **found}  # fmt: skip
        answers.write(json.dumps(record) + "\n")
        answers.flush()


class Worker:
    """A worker process, seen from outside."""

    def __init__(self, seed: int, families: Sequence[str]) -> None:
        words = [sys.executable, __file__, "--seed", str(seed), "--worker"]
        words += [f"--family={name}" for name in families]
        self.seed, self.families = seed, families
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.grown = 0

    def ask(self, number: int) -> dict[str, Any]:
        """Run a case; if the worker dies or is silent for too long, the case has failed."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin
        assert stdout
        with contextlib.suppress(BrokenPipeError):
            stdin.write(f"{number}\n")
            stdin.flush()
        with selectors.DefaultSelector() as ready:
            ready.register(stdout, selectors.EVENT_READ)
            line = stdout.readline() if ready.select(STILL) else ""
        if line:
            answer: dict[str, Any] = json.loads(line)
            self.grown = answer["grown"]
            return answer
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        silent = self.process.poll() is None
        assert self.process.stderr
        stderr = "" if silent else self.process.stderr.read()[-1500:]
        self.end()
        last = (stderr.strip().splitlines() or [""])[-1]
        why = ["slow", "silent"] if silent else ["crash", f"{self.process.returncode} {last}"]
        case = draw(self.seed, number, self.families)
        return {"number": number, "family": case.family, "size": case.size, "wrong": [why],
                "command": "".join(case.argv[:1]),
                "code": -1, "seconds": STILL * silent, "memory": 0, "trace": stderr}  # fmt: skip

    def end(self) -> None:
        """Kill the process."""
        self.process.kill()
        with self.process:  # closes the pipes
            pass


class Attack:
    """All runs and their results."""

    def __init__(self, seed: int, families: Sequence[str]) -> None:
        self.seed, self.families = seed, families
        self.codes: dict[str, Counter[int]] = defaultdict(Counter)
        self.commands: Counter[str] = Counter()
        self.failed: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.slowest: dict[str, Any] = {"seconds": 0}
        self.largest: dict[str, Any] = {"memory": 0}
        self.lock = threading.Lock()

    def run(self, numbers: Sequence[int], jobs: int) -> None:
        """Run the cases with these numbers."""
        waiting = iter(numbers)
        threads = [threading.Thread(target=self.work, args=(waiting,)) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def work(self, waiting: Iterator[int]) -> None:
        """One worker's share."""
        mine = Worker(self.seed, self.families)
        while True:
            with self.lock:
                number = next(waiting, None)
            if number is None:
                break
            found = mine.ask(number)
            if found["wrong"]:  # leftovers of other runs in the caches may be the cause
                mine.end()
                mine = Worker(self.seed, self.families)
                again = mine.ask(number)
                found = again if again["wrong"] or "crash" not in str(found["wrong"]) else found
            if mine.grown > GROWN or mine.process.poll() is not None:
                mine.end()
                mine = Worker(self.seed, self.families)
            with self.lock:
                self.note(found)
        mine.end()

    def note(self, found: dict[str, Any]) -> None:
        """Record the result of a run."""
        self.codes[found["family"]][found["code"]] += 1
        self.commands[found["command"]] += 1
        for kind, detail in found["wrong"]:
            if (kind, detail) not in self.failed:
                typer.echo(f"--only {found['number']}: {kind}: {detail}", err=True)
            self.failed[kind, detail].append(found)
        self.slowest = max(self.slowest, found, key=lambda one: one["seconds"])
        self.largest = max(self.largest, found, key=lambda one: one["memory"])
        done = sum(sum(codes.values()) for codes in self.codes.values())
        if done % 1000 == 0:
            typer.echo(f"{done:,} inputs", err=True)

    def table(self) -> str:
        """The result."""
        lines = [
            "| input | runs | exit 0 | exit 1 | exit 2 |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        total: Counter[int] = Counter()
        for family, codes in sorted(self.codes.items()):
            total += codes
            lines.append(row(family, codes))
        lines += [row("all", total), ""]
        made = (f"{name} {self.commands[name]:,}" for name in cli.names())
        lines += [f"commands: {', '.join(made)}"]
        if "number" in self.slowest and "number" in self.largest:
            lines.append(
                f"slowest: {self.slowest['seconds']:.2f} s (--only {self.slowest['number']}); most "
                f"memory: {self.largest['memory'] // MB} MB (--only {self.largest['number']})"
            )
        if not self.failed:
            lines.append("no failures")
        for (kind, detail), found in sorted(self.failed.items(), key=lambda item: -len(item[1])):
            least = min(found, key=lambda one: one["size"])
            lines.append(
                f"FAILED {len(found)}x {kind}: {detail}   "
                f"{least['seconds']:.1f} s, {least['memory'] // MB} MB   "
                f"python tests/attack.py --seed {self.seed} --only {least['number']}"
                + "".join(f" --family {name}" for name in self.families)
            )
        return "\n".join(lines)


def row(name: str, codes: Counter[int]) -> str:
    """A line of the table."""
    cells = [name, f"{sum(codes.values()):,}", *(f"{codes[code]:,}" for code in (0, 1, 2))]
    return f"| {' | '.join(cells)} |"


def replay(seed: int, number: int, families: Sequence[str], keep: Path | None) -> None:
    """Show an input and everything that the program does with it."""
    case = draw(seed, number, families)
    for name, data in case.files.items():
        typer.echo(f"--- {name!r} ({len(data):,} bytes)\n{shown(data)}")
    for name, to in case.links.items():
        typer.echo(f"--- {name!r} -> {to!r}")
    for name in case.fifos:
        typer.echo(f"--- {name!r} is a FIFO")
    typer.echo(f"--- stdin ({len(case.stdin):,} bytes)\n{shown(case.stdin)}")
    typer.echo(f"--- {case.shell} cnncalc {case.argv!r}")
    if keep is not None:
        lay_out(case, keep)
        return
    mine = Worker(seed, families)
    found = mine.ask(number)
    mine.end()
    home = Path(tempfile.mkdtemp(prefix="attack-"))
    work = lay_out(case, home)
    words = [sys.executable, "-m", "cnncalc", *case.argv]
    environment = os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[2])}
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            list(map(os.fsencode, words)), cwd=work, env=environment, input=case.stdin,
            capture_output=True, timeout=STILL, check=False,
        )  # fmt: skip
        typer.echo(f"--- stdout\n{shown(done.stdout)}\n--- stderr\n{shown(done.stderr)}")
    shutil.rmtree(home, ignore_errors=True)
    typer.echo(found["trace"])
    typer.echo(json.dumps({k: v for k, v in found.items() if k != "trace"}, indent=1))


def shown(data: bytes) -> str:
    """The beginning of a text, with its control characters escaped."""
    text = CONTROL.sub(
        lambda found: repr(found[0])[1:-1], data[:6000].decode("utf-8", "backslashreplace")
    )
    return text + ("..." if len(data) > 6000 else "")


app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def main(
    inputs: Annotated[int, typer.Option(help="The number of inputs.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same inputs.")] = 1,
    first: Annotated[int, typer.Option(help="The number of the first input.")] = 0,
    jobs: Annotated[int, typer.Option(help="The number of workers in parallel.")] = 1,
    family: Annotated[
        list[str] | None, typer.Option(help="Only these families of cases, such as spec or class.")
    ] = None,
    only: Annotated[int | None, typer.Option(help="Replay this one input.")] = None,
    keep: Annotated[Path | None, typer.Option(help="With --only: write its files there.")] = None,
    is_worker: Annotated[bool, typer.Option("--worker", hidden=True)] = False,
) -> None:
    """Run the command line on random hostile input."""
    families = family or []
    if is_worker:
        worker(seed, families)
        return
    if only is not None:
        replay(seed, only, families, keep)
        return
    attack = Attack(seed, families)
    start = time.monotonic()
    attack.run(range(first, first + inputs), jobs)
    typer.echo(attack.table())
    typer.echo(f"seed {seed}, {inputs:,} inputs, {time.monotonic() - start:.0f} s")
    raise typer.Exit(1 if attack.failed else 0)


if __name__ == "__main__":
    app()
