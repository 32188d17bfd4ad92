"""Settings that all tests share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("contract")

# PyTorch's numbers are the same with any number of threads, and small layers are faster with one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Every run draws the same few examples, so that a failure is caused by the change; --exhaustive and
# the commands of docs/fuzzing.md draw many new ones.
settings.register_profile("daily", derandomize=True, max_examples=20)
settings.register_profile("exhaustive", max_examples=200)

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write tests/golden anew; then read the diff"
    )
    parser.addoption(
        "--exhaustive",
        action="store_true",
        help="also run slow tests, and all cases of tests that usually run a few",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "exhaustive: only run with --exhaustive")
    settings.load_profile("exhaustive" if config.getoption("--exhaustive") else "daily")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--exhaustive"):
        return
    daily, left_out = [], []
    for item in items:
        (left_out if item.get_closest_marker("exhaustive") else daily).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = daily


def pytest_runtest_setup() -> None:
    # Tables have the width of a pipe, whatever terminal the tests run in.
    os.environ.pop("COLUMNS", None)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the file of that name in tests/golden. For layout, never for numbers."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-goldens"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def _once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """For commands about all built-ins: calculates each of them once in this process."""
    import architectures
    import cnncalc
    from cnncalc import api
    from cnncalc.conventions import published

    assert cnncalc.summarize is api.summarize  # it keeps what it finds in api at its first use
    monkeypatch.setattr(api, "summarize", architectures.report_of)
    monkeypatch.setattr(published, "check", architectures.findings_of)


@pytest.fixture
def summarized(tmp_path: Path) -> Callable[..., Any]:
    """Summarize the bytes of an ONNX file."""

    import cnncalc

    def summarize(data: bytes, **options: Any) -> Any:
        file = tmp_path / "net.onnx"
        file.write_bytes(data)
        return cnncalc.summarize(file, **options)

    return summarize
