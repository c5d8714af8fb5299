"""The line that a process hangs in, as its signal handler writes it; a process of our own stands for a child."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from grader.sandbox.hanging_line import hanging_line

HANGS = """
import faulthandler, signal, sys, time
pipe = int(sys.argv[1])
faulthandler.register(signal.SIGUSR1, file=pipe, all_threads=False, chain=False)
source = sys.argv[2]
exec(compile(source, "mine.py", "exec"), {"time": time})
"""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy writes late and in pieces; the first byte is waited for, and ends the waiting."""
    monkeypatch.setattr("grader.sandbox.hanging_line._SECONDS", 5)
    monkeypatch.setattr("grader.sandbox.hanging_line._QUIET_SECONDS", 0.3)


@contextmanager
def hanging(source: str) -> Iterator[tuple[int, int]]:
    """A process that runs `source` as `mine.py`: its id, and the pipe that its stack comes out of."""
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS, str(theirs), source],
        pass_fds=[theirs],
        stdout=subprocess.PIPE,
    )
    os.close(theirs)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process.pid, ours
    finally:
        process.kill()
        process.communicate()
        os.close(ours)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("print('ready', flush=True)\nwhile True:\n    pass\n", (1, 2, 3)),
        # the innermost line of the student's
        ("def f():\n    print('ready', flush=True); time.sleep(60)\n\nf()\n", (2,)),
    ],
)
def test_the_line_is_found(source: str, line: tuple[int, ...]) -> None:
    with hanging(source) as (pid, pipe):
        found, _statement = hanging_line(pid, pipe, ["other.py", "mine.py"])
    assert found
    piece, number = found
    assert piece == 1
    assert number in line


def test_the_line_at_the_top_level_is_found() -> None:
    source = "def f():\n    print('ready', flush=True); time.sleep(60)\n\nf()\n"
    with hanging(source) as (pid, pipe):
        assert hanging_line(pid, pipe, ["mine.py"]) == ((0, 2), (0, 4))


def test_code_that_is_nobodys_has_no_line() -> None:
    with hanging("print('ready', flush=True); time.sleep(60)\n") as (pid, pipe):
        assert hanging_line(pid, pipe, ["other.py"]) == (None, None)


def test_a_process_that_has_ended_says_nothing() -> None:
    ours, theirs = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", ""], pass_fds=[theirs])
    os.close(theirs)
    process.wait()
    try:
        assert hanging_line(process.pid, ours, ["mine.py"]) == (None, None)
    finally:
        os.close(ours)


def test_nonsense_on_the_pipe_is_no_line() -> None:
    """What a child writes there is not to be believed: a line of no piece of source, or none at all."""
    ours, theirs = os.pipe()
    os.write(theirs, b'\xff\n  File "/etc/passwd", line 3 in f\n  File "mine.py", line x in g\n')
    os.close(theirs)
    try:
        with hanging("print('ready', flush=True); time.sleep(60)\n") as (pid, _):
            assert hanging_line(pid, ours, ["mine.py"]) == (None, None)
    finally:
        os.close(ours)


def test_a_pipe_that_drips_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time for the next; all of them together may take no longer than the first."""
    now, taken, read = 1000.0, 0, os.read

    def a_byte(pipe: int, most: int) -> bytes:
        nonlocal now, taken
        now, taken = now + 1 / 256, taken + 1
        return read(pipe, min(most, 1))

    ours, theirs = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    os.write(theirs, b"x" * 4096)
    monkeypatch.setattr("grader.sandbox.hanging_line._SECONDS", 0.25)
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr("os.read", a_byte)
    try:
        assert hanging_line(process.pid, ours, ["mine.py"]) == (None, None)
    finally:
        os.close(ours)
        os.close(theirs)
    assert taken == 64
