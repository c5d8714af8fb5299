"""How long a child is waited for: the time in which the machine let others run does not count, within bounds."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from grader.errors import NoAnswer
from grader.sandbox import Limits, Sandbox, ZygoteServer
from grader.sandbox.patience import Patience, RunDelay
from tests.children import call, load

SLEEPS = "import time\ndef f():\n    time.sleep({seconds})\n    return 7\n"


@pytest.fixture
def hurried(zygote_server: ZygoteServer) -> Iterator[Sandbox]:
    with Sandbox(Limits(call_seconds=0.2), zygote_server=zygote_server.address) as box:
        yield box


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel says that every process is kept from running all the time."""
    monkeypatch.setattr(RunDelay, "seconds", lambda self: time.monotonic())


@pytest.mark.usefixtures("held_up")
def test_what_the_machine_takes_is_given(hurried: Sandbox) -> None:
    child, _ = load(hurried, SLEEPS.format(seconds=0.6))
    assert call(child) == 7
    assert child.held_up > 0.3


@pytest.mark.usefixtures("held_up")
def test_there_is_an_end_to_it(hurried: Sandbox) -> None:
    child, _ = load(hurried, SLEEPS.format(seconds=1000))
    with pytest.raises(NoAnswer, match="did not finish"):
        call(child)
    assert child.held_up == pytest.approx(9 * 0.2)


def test_one_that_sleeps_is_not_held_up(hurried: Sandbox) -> None:
    child, _ = load(hurried, SLEEPS.format(seconds=1000))
    with pytest.raises(NoAnswer, match="did not finish"):
        call(child)


def test_what_the_kernel_says(monkeypatch: pytest.MonkeyPatch) -> None:
    delay = RunDelay(os.getpid())
    before = delay.seconds()
    assert before >= 0
    assert delay.seconds() >= before
    delay.close()
    assert delay.seconds() >= before  # the last that is known


def test_where_the_kernel_says_nothing_the_clock_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.open", lambda *_: (_ for _ in ()).throw(FileNotFoundError()))
    patience = Patience(1000, RunDelay(os.getpid()))
    assert patience.held_up() == 0
    assert 0 < patience.left() <= 1000
    assert Patience(0, RunDelay(os.getpid())).left() == 0
