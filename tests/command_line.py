"""Running a command inside a test."""

from pathlib import Path

import pytest

from nasforge.cli import main


def printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Output of a command that succeeds."""
    assert main([str(argument) for argument in arguments]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The error of a command that does not."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    assert code == 2
    assert output.out == ""
    assert output.err.endswith("\n")
    assert len(output.err.splitlines()) == 1
    return output.err


def fields(text: str) -> dict[str, str]:
    """Lines of "name  value"."""
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
