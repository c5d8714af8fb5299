"""Several processes grade one submission's exercises: the same report, and nothing is lost with one of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.processes import alive, within

# forks belong into a process that has just started, so each of these is one
_START = """
import json, os, signal, sys, time
from pathlib import Path
from types import SimpleNamespace
from grader.grading.side_by_side import side_by_side

main = os.getpid()
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run in the background, where it is ignored

class Machines:
    limits = SimpleNamespace(exercise_seconds=LIMIT)

    def another(self):
        return Machines()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        Path(f"closed-{os.getpid()}").touch()

def helper_came(name="helper-*"):
    while not [*Path().glob(name)]:
        time.sleep(0.01)

"""


def program(text: str, limit: float = 60.0) -> list[str]:
    return [sys.executable, "-c", _START.replace("LIMIT", str(limit)) + text]


def run(folder: Path, text: str, limit: float = 60.0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program(text, limit), cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_several_processes_take_part_and_the_order_is_kept(tmp_path: Path) -> None:
    text = """
def work(machines, number):
    if os.getpid() == main:
        helper_came()
    else:
        Path(f"helper-{os.getpid()}").touch()
    return number, os.getpid()

told = side_by_side(40, 3, Machines(), work)
print(json.dumps(told))
"""
    ran = run(tmp_path, text)
    told = json.loads(ran.stdout)
    assert [number for number, _pid in told] == [*range(40)]
    helpers = {int(path.name.partition("-")[2]) for path in tmp_path.glob("helper-*")}
    assert helpers
    assert helpers <= {pid for _number, pid in told}
    assert not [*filter(alive, helpers)]
    assert len([*tmp_path.glob("closed-*")]) == 2  # whoever found nothing left to do, too
    assert ran.stderr == ""


@pytest.mark.parametrize(
    "end",
    ["os.kill(os.getpid(), signal.SIGKILL)", "raise ValueError", "os._exit(0)", "time.sleep(600)"],
)
def test_what_a_helper_does_not_give_is_done_here(tmp_path: Path, end: str) -> None:
    text = f"""
def work(machines, number):
    if os.getpid() == main:
        helper_came()
    else:
        Path(f"helper-{{os.getpid()}}").touch()
        {end}
    return number, os.getpid()

told = side_by_side(12, 2, Machines(), work)
print(json.dumps(told), main)
"""
    ran = run(tmp_path, text, limit=0.2)
    told, main = json.loads(ran.stdout.rpartition(" ")[0]), int(ran.stdout.rpartition(" ")[2])
    assert told == [[number, main] for number in range(12)]
    [helper] = [int(path.name.partition("-")[2]) for path in tmp_path.glob("helper-*")]
    assert not alive(helper)
    assert ran.stderr == ""


def test_an_error_is_raised_here(tmp_path: Path) -> None:
    text = """
def work(machines, number):
    if os.getpid() == main:
        helper_came()
    else:
        Path(f"helper-{os.getpid()}").touch()
    raise KeyError(f"of {number}")

side_by_side(12, 2, Machines(), work)
"""
    ran = run(tmp_path, text)
    assert ran.stderr.splitlines()[-1].startswith("KeyError: 'of ")
    assert ran.stderr.count("Traceback") == 1


@pytest.mark.parametrize("ended", [signal.SIGINT, signal.SIGKILL])
def test_helpers_end_with_the_process_that_started_them(
    tmp_path: Path, ended: signal.Signals
) -> None:
    text = """
def work(machines, number):
    Path(f"{'main' if os.getpid() == main else 'helper'}-{os.getpid()}").touch()
    time.sleep(100)

try:
    side_by_side(12, 2, Machines(), work)
except KeyboardInterrupt:
    print("interrupted")
"""
    with subprocess.Popen(program(text), cwd=tmp_path, stdout=subprocess.PIPE) as started:
        # not while torch is imported, where an interrupt may be lost
        assert within(60, lambda: len([*tmp_path.glob("*-*")]) == 2)
        started.send_signal(ended)
        try:
            said, _ = started.communicate(timeout=60)
        finally:
            started.kill()
    assert said == (b"interrupted\n" if ended == signal.SIGINT else b"")
    [helper] = [int(path.name.partition("-")[2]) for path in tmp_path.glob("helper-*")]
    assert within(30, lambda: not alive(helper))
    assert (tmp_path / f"closed-{helper}").exists()


def test_the_report_is_that_of_one_process(tmp_path: Path) -> None:
    """Right, wrong and unloadable files, with the solutions of other exercises between them."""
    names = ("line_fit", "losses", "batching", "metrics")
    for name in names:
        text = (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "batching.py").write_text("def (", encoding="utf-8")
    (tmp_path / "my_linear.py").write_text(_WRONG, encoding="utf-8")
    text = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from grader import grade
from grader.cli.common import started_machines
from tests.conftest import told
with started_machines(jobs={{jobs}}) as machines:
    report = grade({str(tmp_path)!r}, machines=machines, jobs={{jobs}})
print(told(report))
"""
    environment = {**os.environ, "GRADER_LANG": "ko"}
    one, several = (
        subprocess.run(
            [sys.executable, "-c", text.format(jobs=jobs)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        for jobs in (1, 3)
    )
    assert one.stdout == several.stdout
    assert one.stdout.count("'passed'") > 10
    assert several.stderr == one.stderr


_WRONG = (ROOT / "solutions" / "my_linear.py").read_text(encoding="utf-8").replace("@", "*")
