"""`grader grade` and its neighbours: what is read off the command line, and what is said in the end."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from grader.classroom.gradebook.late import LatePolicy
from grader.cli.grade import _policy, _progress, _time


@pytest.mark.parametrize(
    ("penalty", "free", "accepted", "policy"),
    [
        (None, None, None, None),
        ("2", None, None, LatePolicy(points=2)),
        ("10%", 1, None, LatePolicy(points=10, percent=True, free_days=1)),
        (" 3 ", None, 0, LatePolicy(points=3, accepted_days=0)),
        ("0", None, None, None),  # as it is already
    ],
)
def test_a_policy_is_what_was_given_on_what_there_was(
    penalty: str | None, free: int | None, accepted: int | None, policy: LatePolicy | None
) -> None:
    assert _policy(LatePolicy(), penalty, free, accepted) == policy


@pytest.mark.parametrize("penalty", ["much", "-1", "1.5", "%", "10%%", "٣"])
def test_a_penalty_that_is_none(penalty: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _policy(LatePolicy(), penalty, None, None)
    assert "neither points (2) nor a percentage (10%)" in capsys.readouterr().err


def test_a_deadline(capsys: pytest.CaptureFixture[str]) -> None:
    assert _time(None) is None
    assert _time("2026-11-20T23:59Z") == datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    with pytest.raises(SystemExit):
        _time("soon")
    assert "--deadline 'soon' is no time" in capsys.readouterr().err


def test_progress_without_a_terminal_is_a_line_for_each_tenth(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with _progress(Console(file=StringIO())) as progress:
        progress.total(40)
        for number in range(40):
            progress.done(str(number))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"{count} of 40" for count in range(4, 41, 4)]


def test_progress_on_a_terminal_names_who_was_graded() -> None:
    out = StringIO()
    with _progress(Console(file=out, force_terminal=True, width=100)) as progress:
        progress.total(2)
        progress.done("ada [b]")
    assert "ada [b]" in out.getvalue()
