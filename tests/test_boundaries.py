"""What may be imported where, checked in clean processes, and a test that the probe can fail."""

import subprocess
import sys

import pytest

import cnncalc

HEAVY = ("torch", "numpy", "pandas", "pydantic", "rich", "typer")


def imported_by(code: str) -> set[str]:
    """The heavy modules that are loaded in a fresh process after running the code."""
    report = f"import sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split("\n")[-2].split())


def test_the_library_needs_neither_framework_nor_rich():
    assert imported_by("import cnncalc; cnncalc.summarize('vgg16').totals") == set()


def test_the_probe_detects_imports():
    assert imported_by("import numpy, rich") == {"numpy", "rich"}


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["summarize", "vgg16"], ["typer"]),
        (["check-stride", "7", "3", "3"], ["typer"]),
        (["explain", "vgg16", "conv1_1"], ["typer"]),
        (["layer", "relu", "5"], ["typer"]),
        (["summarize", "vgg16", "--format", "json"], ["typer"]),
        (["show", "vgg16"], ["typer"]),
    ],
    ids=" ".join,
)
def test_a_command_imports_only_what_it_uses(arguments, allowed):
    code = (
        "import sys\nfrom cnncalc.cli import main\n"
        f"sys.argv = ['cnncalc', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    assert imported_by(code) <= set(allowed)


def test_importing_the_package_imports_nothing_else():
    code = "import cnncalc, sys; assert not [m for m in sys.modules if m.startswith('cnncalc.')]"
    assert imported_by(code) == set()


@pytest.mark.parametrize("name", cnncalc.__all__)
def test_every_public_name_exists_and_has_a_docstring(name):
    assert getattr(cnncalc, name) is not None
    assert name in dir(cnncalc)


def test_an_unknown_public_name_raises_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = cnncalc.nothing


def test_public_functions_do_not_depend_on_earlier_imports():
    cnncalc.summarize("1x4x4-2C3")
    assert [
        name for name in cnncalc.__all__ if type(getattr(cnncalc, name)).__name__ == "module"
    ] == []
