"""A fault is never a verdict: what the course or the grader did wrong costs nobody a point, and stops nobody else."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from grader import grade
from grader.checking.session import Request, Session
from grader.course.assignment_file import read_assignment
from grader.course.catalog import Course, load_course
from grader.errors import CourseError, SandboxLost, UnsupportedVersion
from grader.machines import Machines
from grader.report import ExerciseResult, Report
from grader.sandbox import Message, Sandbox, start_zygote_server
from grader.submission import Source, Submission
from tests.conftest import told
from tests.synthetic_course import SOLUTION, make_course

HEAD = """
from typing import Any
import pytest
from grader import Draw, Student, expect, expect_close, needs, points, probe

@probe
def run(student: Any, x: Any) -> Any:
    return student.f(x)

@probe
def slips(student: Any, x: Any) -> Any:
    return no_such_name(x)

@probe
def misnamed(student: Any) -> Any:
    return student.g(1)

@probe
def changing(student: Any, x: Any) -> Any:
    x += 1
    return 1

"""
RIGHT = "def f(x):\n    return x\n"
WRONG = "def f(x):\n    return 2 * x\n"
ODD = "def f(x):\n    return {'a': 'dict'}\n"
CourseOf = Callable[[str], Course]


@pytest.fixture
def course_of(tmp_path: Path) -> CourseOf:
    """A course with the exercise `double`, and the exercise `odd` with these checks."""
    folder = make_course(tmp_path / "course")
    (folder / "solutions" / "odd.py").write_text(RIGHT, encoding="utf-8")

    def made(checks: str) -> Course:
        (folder / "checks" / "odd.py").write_text(HEAD + checks, encoding="utf-8")
        return load_course(folder)

    return made


def submitted(odd: str) -> Submission:
    """`odd`, and `double`, which is right."""
    texts = {"odd": odd, "double": SOLUTION}
    sources = {name: Source.of_text(f"{name}.py", text) for name, text in texts.items()}
    return Submission("ada", sources, ("odd", "double"))


def graded(course: Course, machines: Machines, odd: str, **more: Any) -> ExerciseResult:
    """The result of `odd`. `double` comes next, and has all points whatever becomes of that."""
    report = grade(submitted(odd), course=course, machines=machines, **more)
    first, second = report.exercises
    assert (second.score, second.status) == (10, "passed")
    assert bool(report.faults) == first.is_fault
    if first.is_fault:
        assert (first.score, first.checks, first.violations) == (0, (), ())
        assert "not your code" in first.message
        assert first.traceback.startswith("Traceback")
    else:
        assert first.traceback == ""
    return first


# what is wrong with a check

SLIPS = {
    "a name": "    student.run(run, x=1)\n    no_such_name\n",
    "a name for wrong answers": "    if student.run(run, x=1) != 1: expect(False, no_such_name)\n",
    "an import": "    student.run(run, x=1)\n    import no_such_module\n",
    "a name of a module": "    import torch\n    student.run(run, x=1)\n    torch.no_such(1)\n",
    "an assertion of the reference": (
        "    def reference(x):\n        assert x.dim() == 2, 'a matrix'\n        return x\n"
        "    x = draw.normal(3)\n    expect_close(student.run(run, x=x), reference(x))\n"
    ),
    "an error before anything is asked": "    x = [][0]\n    student.run(run, x=x)\n",
    "what cannot be sent": "    student.run(lambda student: 1)\n",
    "no memory": "    student.run(run, x=1)\n    raise MemoryError\n",
    "no end": "    def f(): f()\n    student.run(run, x=1)\n    f()\n",
    "the end of the program": "    student.run(run, x=1)\n    raise SystemExit(0)\n",
    "a device": "    draw.normal(3).to('no_such_device')\n",
    "an exception that is no Exception": (
        "    class Odd(BaseException): ...\n    student.run(run, x=1)\n    raise Odd\n"
    ),
    "a name in a probe": "    student.run(slips, x=1)\n",
    "a probe's arguments": "    student.run(run, y=1)\n",
    "a name of the student's": "    student.run(misnamed)\n",
    "an input that the probe changes": "    student.run(changing, x=draw.normal(3))\n",
    "a reference of another kind": (
        "    x = draw.normal(3)\n    expect_close(student.run(run, x=x), x.numpy())\n"
    ),
    "a reference of another shape": (
        "    x = draw.normal(3)\n    expect_close(student.run(run, x=x), x[:2])\n"
    ),
    "a result that nobody looks at": "    return student.run(run, x=1) == 1\n",
    "other inputs each time": "    import torch\n    student.run(run, x=torch.randn(3))\n",
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_a_check_is_nobodys_zero(
    course_of: CourseOf, machines: Machines, slip: str
) -> None:
    """Whoever was graded before."""
    course = course_of(
        "@points(7)\ndef test_fine(student): ...\n"
        f"@points(3)\ndef test_it(student, draw):\n{SLIPS[slip]}"
    )
    for _ in range(2):
        for text in (WRONG, ODD, RIGHT):
            result = graded(course, machines, text, seed=3)
            if slip == "a name for wrong answers" and text == RIGHT:
                assert (result.score, result.status) == (10, "passed")
                continue
            assert (result.status, result.max_score) == ("fault", 10)
            assert "the check `it` is at fault" in result.message


@pytest.mark.parametrize(
    ("checks", "reason"),
    [
        (
            "import no_such_module\ndef test_a(student): ...\n",
            "odd.py cannot be used: .*no_such_mod",
        ),
        ("def test_a(student): ...\ndef test_a(draw): ...\n", "test_a is defined twice"),
        ("@pytest.mark.parametrize('n', [])\ndef test_a(student, n): ...\n", "Empty parameter set"),
        ("@points(2)\ndef test_a(student, weights): ...\n", "asks for 'weights'"),
    ],
)
def test_checks_that_cannot_be_collected(
    course_of: CourseOf, machines: Machines, checks: str, reason: str
) -> None:
    result = graded(course_of(checks), machines, RIGHT)
    assert (result.status, result.max_score) == ("fault", 0)
    assert "the checks of this exercise are at fault" in result.message
    assert re.search(reason, result.message)


def test_a_file_of_checks_that_is_no_python_can_be_mended(
    course_of: CourseOf, machines: Machines
) -> None:
    with pytest.raises(CourseError, match=r"odd\.py, line"):
        grade(submitted(RIGHT), course=course_of("def test_a(:\n"), machines=machines)


ANSWERS = ["None", "'text'", "{'a': 1}", "[x, x]", "x.tolist()", "10 ** 18", "float('nan')", "f"]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    "body",
    [
        "    got = student.run(run, x=x)\n    expect(bool((got.tensor == x).all()), 'no')\n",
        "    got = student.run(run, x=x)\n    assert got.tensor.equal(x)\n",
        "    expect(len(student.run(run, x=x).tensor.tolist()) == 3, 'no')\n",
    ],
)
def test_an_answer_that_a_check_cannot_work_with_fails_it(
    course_of: CourseOf, machines: Machines, answer: str, body: str
) -> None:
    course = course_of(f"@points(3)\ndef test_it(student, draw):\n    x = draw.normal(3)\n{body}")
    assert graded(course, machines, RIGHT, seed=3).score == 3
    result = graded(course, machines, f"def f(x):\n    return {answer}\n", seed=3)
    assert (result.status, result.score) == ("failed", 0)
    [check] = result.checks
    assert check.status == "failed"
    assert check.message.startswith("The check cannot work with what your code gave back (")


def test_a_plain_assertion_is_a_check_where_the_solution_passes_it(
    course_of: CourseOf, machines: Machines
) -> None:
    text = "def test_it(student):\n    assert student.run(run, x=1) == 1, 'It is 1.'\n"
    course = course_of(f"@points(3)\n{text}")
    assert graded(course, machines, RIGHT).score == 3
    [check] = graded(course, machines, WRONG).checks
    assert (check.status, check.message) == ("failed", "It is 1.")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("    for last in student.run(run, x=[1]): ...\n    expect(last == 1, 'no')\n", "[]"),
        ("    expect(getattr(torch, student.run(run, x='nn')) is torch.nn, 'no')\n", "'no_such'"),
        ("    expect(student.run(run, x=torch.ones(2)).tensor.sum() == 2, 'no')\n", "1 / 0"),
        ("    expect(student.run(run, x=1) == 1, 'no')\n", "g(x)"),
        ("    expect(student.run(run, x=1) == 1, 'no')\n", "exec('no_such_name')"),
    ],
)
def test_a_wrong_answer_is_not_excused_by_an_unknown_name(
    course_of: CourseOf, machines: Machines, body: str, answer: str
) -> None:
    course = course_of(f"import torch\n@points(3)\ndef test_it(student):\n{body}")
    assert graded(course, machines, RIGHT, seed=3).score == 3
    result = graded(course, machines, f"def f(x):\n    return {answer}\n", seed=3)
    assert (result.status, result.score) == ("failed", 0)


def test_what_a_check_sets_and_prints_stays_with_it(
    course_of: CourseOf, machines: Machines, capsys: pytest.CaptureFixture[str]
) -> None:
    course = course_of(
        "import torch\nprint('read')\n@points(3)\ndef test_a(student):\n    print('run')\n"
        "    torch.set_default_dtype(torch.float64)\n    torch.set_grad_enabled(False)\n"
        "@points(3)\ndef test_b(student):\n    x = torch.ones(2, requires_grad=True)\n"
        "    expect(x.dtype == torch.float32 and (x * x).requires_grad, 'no')\n"
    )
    assert graded(course, machines, RIGHT).score == 6
    out, err = capsys.readouterr()
    assert (out, err) == ("", "read\nrun\n")


def test_without_the_solution_an_odd_answer_has_no_verdict(
    course_of: CourseOf, machines: Machines
) -> None:
    course = course_of("@points(3)\ndef test_it(student): student.run(run, x=1) + 1\n")
    course["odd"].solution.unlink()
    assert graded(course, machines, RIGHT).score == 3
    assert graded(course, machines, ODD).status == "fault"


def test_points_of_an_assignment(course_of: CourseOf, machines: Machines, tmp_path: Path) -> None:
    course = course_of(
        "@points(1)\ndef test_fine(student): ...\n"
        "@points(1)\ndef test_it(student):\n    student.run(run, x=1)\n    no_such_name\n"
    )
    file = tmp_path / "a.toml"
    head = 'title = "A"\n[[exercise]]\nname = "odd"\npoints = 30\n'
    file.write_text(f'{head}[[exercise]]\nname = "double"\n', encoding="utf-8")
    assigned = read_assignment(file).on(course, instructor=True)
    result = graded(course, machines, RIGHT, assigned=assigned)
    assert (result.status, result.max_score, result.held_back) == ("fault", 30, 0)
    # what students do not run is in no student's way
    file.write_text(
        f'{head}visibility = {{ it = "instructor" }}\n[[exercise]]\nname = "double"\n',
        encoding="utf-8",
    )
    public = read_assignment(file).on(course)
    result = graded(course, machines, RIGHT, assigned=public)
    assert (result.status, result.score, result.held_back) == ("passed", 15, 15)


# a lost sandbox, and what the grader itself does wrong


@pytest.fixture(scope="module")
def forked() -> Iterator[Machines]:
    """Machines that are started quickly: from a process that has imported torch already."""
    server = start_zygote_server()
    with Machines(devices=["cpu"], zygote_server=server.address) as running:
        yield running
    server.close()


FINE = "@points(3)\ndef test_it(student): expect(student.run(run, x=1) == 1, 'no')\n"


def test_a_sandbox_that_was_killed_is_started_again(course_of: CourseOf, forked: Machines) -> None:
    course = course_of(FINE)

    def kill(name: str) -> None:
        before.append(forked.sandbox())
        os.kill(zygote_of(forked.sandbox()), signal.SIGKILL)

    before: list[Sandbox] = []
    report = grade(submitted(RIGHT), course=course, machines=forked, progress=kill)
    assert [result.score for result in report.exercises] == [3, 10]
    assert len({*before, forked.sandbox()}) == 3
    again = grade(submitted(RIGHT), course=course, machines=forked)
    assert told(again) == told(report)


def zygote_of(sandbox: Sandbox) -> int:
    """The process that makes its children: the parent of one."""
    child = sandbox.open()
    status = Path(f"/proc/{child.pid}/stat").read_text()
    child.close()
    return int(status.rpartition(")")[2].split()[1])


class Losing:
    """Sessions that lose their sandbox, or fail otherwise, at their first questions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *errors: BaseException) -> None:
        self.restarts = 0
        left = list(errors)
        ask = Session.ask

        def asked(session: Session, request: Request) -> Message:
            if left:
                raise left.pop(0)
            return ask(session, request)

        def restart(machines: Machines) -> None:
            self.restarts += 1

        monkeypatch.setattr(Session, "ask", asked)
        monkeypatch.setattr(Machines, "restart", restart)


def test_a_second_loss_is_a_fault_of_that_exercise(
    course_of: CourseOf, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = course_of(FINE)
    once = Losing(monkeypatch, SandboxLost("It ended."))
    assert graded(course, machines, RIGHT).score == 3
    assert once.restarts == 1
    twice = Losing(monkeypatch, SandboxLost("It ended."), SandboxLost("It ended."))
    result = graded(course, machines, RIGHT)
    assert (result.status, result.max_score) == ("fault", 3)
    assert "the grader itself failed" in result.message
    assert twice.restarts == 2  # the second time for the next exercise


@pytest.mark.parametrize("error", [KeyError("status"), OSError(28, "No space left"), MemoryError()])
def test_a_bug_of_ours_is_a_fault(
    course_of: CourseOf, machines: Machines, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    course = course_of(
        FINE.replace("student)", "student, n)").replace(
            "@points", "@pytest.mark.parametrize('n', [1, 2])\n@points"
        )
    )
    Losing(monkeypatch, error)
    result = graded(course, machines, RIGHT)
    assert result.status == "fault"
    assert "the grader itself failed" in result.message
    assert type(error).__name__ in result.message
    assert graded(course, machines, RIGHT).score == 3


@pytest.mark.parametrize(
    "error", [CourseError("No."), UnsupportedVersion("No."), KeyboardInterrupt()]
)
def test_what_makes_everything_impossible_is_raised(
    course_of: CourseOf, machines: Machines, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    Losing(monkeypatch, error)
    with pytest.raises(type(error)):
        grade(submitted(RIGHT), course=course_of(FINE), machines=machines)


def test_a_sandbox_that_does_not_start(monkeypatch: pytest.MonkeyPatch, machines: Machines) -> None:
    here, left, restarts = machines.environment, [1], []

    def environment(_: Machines) -> Any:
        if left:
            left.pop()
            raise SandboxLost("It does not start.")
        return here

    monkeypatch.setattr(Machines, "environment", property(environment))
    monkeypatch.setattr(Machines, "restart", lambda each: restarts.append(each))
    submission = Submission.of_text("line_fit", "x = 1\n")
    assert grade(submission, machines=machines).environment == here
    left += [1, 1]
    with pytest.raises(SandboxLost):
        grade(submission, machines=machines)
    assert restarts == [machines, machines]


# between the making of a socket and its name nobody can close it but the garbage collector, which complains
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_at_any_time_leaves_nothing_out_of_step(
    course_of: CourseOf, forked: Machines
) -> None:
    """Ctrl-C in a notebook, say: the next grading is right."""
    checks = "".join(
        f"@points(1)\ndef test_{n}(student, draw):\n"
        f"    expect_close(student.run(run, x=(x := draw.normal({n}))), x)\n"
        for n in range(1, 9)
    )
    course = course_of(checks)
    right = told(grade(submitted(RIGHT), course=course, machines=forked))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for number in range(6):
            timer = threading.Timer(0.004 * number, signal.raise_signal, [signal.SIGINT])
            with suppress(KeyboardInterrupt):
                timer.start()
                while True:
                    grade(submitted(RIGHT), course=course, machines=forked)
            timer.join()
            assert told(grade(submitted(RIGHT), course=course, machines=forked)) == right
    finally:
        signal.signal(signal.SIGINT, before)


# several threads


def test_several_threads_share_machines(course_of: CourseOf, machines: Machines) -> None:
    course = course_of(FINE)
    texts = [RIGHT, WRONG, ODD, "1 / 0\n", RIGHT + "# x\n"] * 2
    alone = [told(grade(submitted(text), course=course, machines=machines)) for text in texts]
    spoken = [told(grade(submitted(WRONG), course=course, machines=machines, language="ko"))]

    def run(text: str) -> Any:
        return told(grade(submitted(text), course=course, machines=machines))

    def in_korean(_: object) -> Any:
        report: Report = grade(submitted(WRONG), course=course, machines=machines, language="ko")
        return told(report)

    with ThreadPoolExecutor(4) as pool:
        together, korean = pool.map(run, texts), pool.map(in_korean, range(3))
        assert list(together) == alone
        assert list(korean) == spoken * 3
