"""`grader desk`: it tells its address, and opens it where that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from grader.classroom.desk.serving import Desk
from grader.cli import main
from tests.gradebooks import small_gradebook


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was opened in a browser; the desk ends as soon as it is there."""
    found: list[str] = []
    monkeypatch.setattr(click, "launch", found.append)

    def serve(self: Desk, ready: Callable[[str], None]) -> None:
        ready("http://127.0.0.1:1/?token=x")
        self._server.close()

    monkeypatch.setattr(Desk, "serve", serve)
    with small_gradebook(tmp_path / "g.db"):
        pass
    return found


def test_the_address_is_told_and_opened(tmp_path: Path, opened: list[str]) -> None:
    result = CliRunner().invoke(main, ["desk", str(tmp_path / "g.db"), "--who", "me"])
    assert result.exit_code == 0
    assert result.output == (
        "The desk is at http://127.0.0.1:1/?token=x\nCtrl-C stops it.\n\n"
        "The desk is closed; everything is in the gradebook.\n"
    )
    assert opened == ["http://127.0.0.1:1/?token=x"]
    CliRunner().invoke(main, ["desk", str(tmp_path / "g.db"), "--no-browser", "--who", "me"])
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("name", "told"), [("none.db", "There is no gradebook"), ("", "is a folder")]
)
def test_no_gradebook(tmp_path: Path, opened: list[str], name: str, told: str) -> None:
    result = CliRunner().invoke(main, ["desk", str(tmp_path / name)])
    assert result.exit_code == 2
    assert told in result.stderr
    assert opened == []
