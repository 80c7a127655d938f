"""No unit test writes into the project's own cache; and the command line, as a call."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cli.main import main

Ran = Callable[..., tuple[int, str, str]]
Told = Callable[..., dict[str, Any]]


@pytest.fixture
def ran(capsys: pytest.CaptureFixture[str]) -> Ran:
    """Exit status, standard output and standard error of a command."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def told(ran: Ran) -> Callable[..., dict[str, Any]]:
    """The JSON object of a command that goes well: one line, and nothing beside it."""

    def run(*arguments: object) -> dict[str, Any]:
        status, out, err = ran(*arguments, "--json")
        assert (status, err) == (0, "")
        assert out.count("\n") == 1
        return json.loads(out)

    return run


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    pass
