"""The program's entry point: interruptions and exhausted memory end in one sentence."""

import gc

import pytest

from cnncalc import __main__, cli


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt, 130, "interrupted"),
        (MemoryError, 2, "not enough memory"),
    ],
)
def test_loading_errors_end_in_one_sentence(monkeypatch, capsys, error, code, says):
    def fail():
        raise error

    monkeypatch.setattr(cli, "main", fail)
    with pytest.raises(SystemExit) as stopped:
        __main__.main()
    gc.enable()
    assert stopped.value.code == code
    assert says in capsys.readouterr().err
