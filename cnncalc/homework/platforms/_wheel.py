"""The installed cnncalc as a wheel, for platforms that run it where it is not installed."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import distribution, version
from pathlib import Path

from cnncalc.homework.platforms._archive import zipped
from cnncalc.spec import catalog

PACKAGE = Path(__file__).parents[2]
NAME = f"cnncalc-{version('cnncalc')}"
FILE = f"{NAME}-py3-none-any.whl"
TAGS = "Wheel-Version: 1.0\nGenerator: cnncalc\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel() -> bytes:
    """The wheel, without the documentation."""
    info = f"{NAME}.dist-info"
    installed = distribution("cnncalc")
    files = dict(_package())
    for part in ("METADATA", "entry_points.txt"):
        files[f"{info}/{part}"] = (installed.read_text(part) or "").encode()
    files[f"{info}/WHEEL"] = TAGS.encode()
    record = [f"{name},{_digest(data)},{len(data)}\n" for name, data in files.items()]
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"]).encode()
    return zipped(files)


def _package() -> Iterator[tuple[str, bytes]]:
    """The files of the package, then the built-in architectures, each in alphabetical order."""
    for root, place in ((PACKAGE, "cnncalc"), (catalog.folder(), "cnncalc/architectures")):
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                name = f"{place}/{path.relative_to(root).as_posix()}"
                if place != "cnncalc" or not name.startswith("cnncalc/architectures/"):
                    yield name, path.read_bytes()


def _digest(data: bytes) -> str:
    """The hash of a file as RECORD lists it."""
    return f"sha256={urlsafe_b64encode(sha256(data).digest()).decode().rstrip('=')}"
