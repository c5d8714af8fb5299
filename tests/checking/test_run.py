"""What comes of a check: its cases are run in their order, and the worst of them names its state."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, cast, get_args

import pytest
import torch

from grader.checking import alarm
from grader.checking.collect import Check, collect
from grader.checking.run import run_checks
from grader.checking.session import Session
from grader.checking.sessions import Sessions
from grader.errors import CourseFault, Fault, SandboxLost, UnsupportedVersion
from grader.report import CheckResult, CheckStatus
from grader.sandbox import Sandbox
from grader.submission.submission import Cell, Source

HEAD = """
import pytest
from grader import Cause, expect, follows, needs, points, probe, rounds
from grader.checking.outcome import CheckFailed

@probe(once="the student's code counts")
def call(student, name):
    return getattr(student, name)()

"""
CODE = """
def fine(): return 1
def wrong(): raise ValueError("no")
def later(): raise NotImplementedError
def hangs():
    while True: pass
"""
SOLUTION = """
def fine(): return 2
"""
EVERY_STATUS = """
@points(1)
def test_passed(student):
    '''It is fine.'''
    expect(student.run(call, name="fine") == 1, "not one")

@points(1)
def test_failed(student): student.run(call, name="wrong")

@points(1)
def test_asserted(student): assert student.run(call, name="fine") == 2, "not two"

@points(1)
def test_not_started(student): student.run(call, name="later")

@points(1)
@needs("passed", "failed")
def test_not_reached(student): student.run(call, name="fine")

@points(1)
@pytest.mark.parametrize("name", ["fine", "hangs", "fine", "hangs"])
def test_timeout(student, name): student.run(call, name=name)
"""


Collect = Callable[..., dict[str, Check]]
Run = Callable[..., dict[str, CheckResult]]


@pytest.fixture
def collected(tmp_path: Path) -> Collect:
    def collect_text(text: str, *devices: str) -> dict[str, Check]:
        file = tmp_path / "checks.py"
        if not file.exists() or file.read_text(encoding="utf-8") != HEAD + text:
            file.write_text(HEAD + text, encoding="utf-8")
        return collect((file,), devices or ("cpu",))

    return collect_text


@pytest.fixture
def graded(collected: Collect, sandbox: Sandbox) -> Iterator[Run]:
    """Grades a student's text by a text with checks."""
    with ExitStack() as stack:

        def grade(
            checks: str,
            code: str = CODE,
            *devices: str,
            box: Sandbox = sandbox,
            solution: str | None = None,
            **more: Any,
        ) -> dict[str, CheckResult]:
            source = Source("work.py", (Cell("work.py", code),))
            session = stack.enter_context(closing(Session("work", source, box)))
            right = Source.of_text("work.py", solution) if solution else None
            sessions = Sessions(session, solution=lambda: right)
            results = run_checks(collected(checks, *devices), sessions, 1, **more).checks
            return {result.name: result for result in results}

        yield grade


def statuses(results: dict[str, CheckResult]) -> dict[str, str]:
    return {name: result.status for name, result in results.items()}


def test_every_status(graded: Run, strict_sandbox: Sandbox) -> None:
    passing = f"{SOLUTION}def wrong(): ...\ndef hangs(): ...\n"
    results = graded(EVERY_STATUS, box=strict_sandbox, solution=passing)
    named = dict.fromkeys(results) | {name: name for name in results} | {"asserted": "failed"}
    assert statuses(results) == named
    assert [name for name, result in results.items() if result.score] == ["passed"]
    assert {result.points for result in results.values()} == {1}
    assert set(statuses(results).values()) == {*get_args(CheckStatus)} - {"skipped"}
    messages = {name: result.message for name, result in results.items()}
    assert messages["passed"] == ""
    assert messages["failed"].startswith("`wrong` raised ValueError: no (work.py, line 3")
    assert messages["asserted"] == "not two"
    assert messages["not_started"] == "Not written yet."
    assert messages["not_reached"] == "Not tried, because this comes first: failed"
    assert "did not finish within 1 seconds" in messages["timeout"]
    # after a timeout no further case is tried: the last one would have been another
    assert "(With name = hangs; 1 of 4 cases.)" in messages["timeout"]


def test_a_check_that_skips_itself_is_at_fault(graded: Run) -> None:
    """It would cost everybody its points, and nobody would be told."""
    text = "import pytest\n@points(1)\ndef test_it(student): pytest.skip('no time')\n"
    with pytest.raises(CourseFault, match="Skipped: no time"):
        graded(f"from grader import points\n{text}")


def test_pytests_own_fail_fails_a_check(graded: Run) -> None:
    result = graded("def test_a(student): pytest.fail('not so')\n")["a"]
    assert (result.status, result.message) == ("failed", "not so")


def test_only_cases_that_ended_otherwise_make_a_case_worth_telling(graded: Run) -> None:
    text = (
        "@pytest.mark.parametrize('n', [1, 2, 3])\n"
        "def test_some(student, n):\n"
        "    expect(student.run(call, name='fine') > n - 2, f'{n} is wrong')\n"
        "@pytest.mark.parametrize('n', [1, 2, 3])\n"
        "def test_all(student, n): expect(student.run(call, name='fine') < 0, f'{n} is wrong')\n"
    )
    results = graded(text)
    assert results["some"].message == "3 is wrong (With n = 3; 1 of 3 cases.)"
    assert results["all"].message == "1 is wrong"


def test_cases_are_told_by_device_and_dtype_with_their_worst(graded: Run) -> None:
    text = (
        "import torch\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_it(elsewhere, draw, n):\n"
        "    expect(n == 1 or draw.dtype == torch.float32, 'wrong')\n"
    )
    result = graded(text, CODE, "cpu", "sim")["it"]
    assert [(case.device, case.dtype, case.status) for case in result.cases] == [
        ("sim", "float32", "passed"),
        ("sim", "float64", "failed"),
    ]
    assert result.message == "wrong (With n = 2, float64, on sim; 1 of 4 cases.)"


def test_a_cause_is_told_if_it_fits_three_in_four_cases_and_the_one_that_is_told_of(
    graded: Run,
) -> None:
    text = (
        "FITS, RAISED = Cause('fits', 'It is that.'), Cause('raised-x', 'It raised.')\n"
        "def ends(found, n): raise CheckFailed('no', [[], [FITS], [RAISED]][int(found[n])])\n"
    )
    told = {"1110": "fits", "1100": "", "0111": "", "1120": "", "122": "fits", "2111": "raised-x"}
    for found in told:
        text += f"@pytest.mark.parametrize('n', range({len(found)}))\n"
        text += f"def test_{found}(n): ends('{found}', n)\n"
    assert {name: result.cause_id for name, result in graded(text).items()} == told


def test_a_cause_is_told_if_it_fits_every_case_that_failed(graded: Run) -> None:
    text = (
        "FITS, ALSO = Cause('fits', 'It is that.'), Cause('also', 'It is this.')\n"
        "@pytest.mark.parametrize('n', [1, 2, 3])\n"
        "def test_steady(student, n):\n"
        "    if n > 1: raise CheckFailed('no', [ALSO, FITS] if n == 2 else [FITS])\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_wavers(student, n): raise CheckFailed('no', [ALSO] if n == 2 else [FITS])\n"
    )
    results = graded(text.replace("student, ", ""))
    assert (results["steady"].cause_id, results["steady"].cause) == ("fits", "It is that.")
    assert (results["wavers"].cause_id, results["wavers"].cause) == ("", "")


def test_the_simplest_case_that_fails_is_told_with_what_was_drawn(graded: Run) -> None:
    text = (
        "@rounds()\n"
        "def test_it(student, draw):\n"
        "    n = draw.size('n')\n"
        "    expect(n < 65, f'{n} is wrong')\n"
    )
    results = [graded(text)["it"] for _ in range(2)]
    size = results[0].message.split()[0]
    assert int(size) >= 65
    assert results[0].message == f"{size} is wrong (With n = {size}, float64; 1 of 6 cases.)"
    assert results[1].message == results[0].message


def test_half_precision_has_no_say_in_the_cause(graded: Run) -> None:
    text = (
        "FITS = Cause('fits', 'It is that.')\n"
        "@rounds(half=True)\n"
        "def test_some(draw): raise CheckFailed('no', [FITS] if draw.round.number < 5 else [])\n"
        "@rounds('half')\n"
        "def test_alone(draw): raise CheckFailed('no', [FITS])\n"
    )
    results = graded(text)
    assert [result.cause_id for result in results.values()] == ["fits", "fits"]


def test_first_failure_leaves_the_rest(graded: Run) -> None:
    text = (
        "def test_a(student): ...\n"
        "@pytest.mark.parametrize('n', [1, 2, 3])\n"
        "def test_b(student, n): expect(n != 2, str(n))\n"
        "def test_c(student): ...\n"
    )
    results = graded(text, first_failure=True)
    assert statuses(results) == {"a": "passed", "b": "failed", "c": "not_reached"}
    assert results["b"].message == "2 (With n = 2; 1 of 2 cases.)"  # the third did not run
    assert (results["c"].message, results["c"].cases) == ("", ())


def test_what_a_hidden_check_asks_is_in_no_message_of_a_later_one(graded: Run) -> None:
    """The student's code may keep what it is asked, and raise it later."""
    text = (
        "@probe\ndef give(student, x): return student.keep(x)\n"
        "def test_a(student): student.run(give, x=1)\n"
        "def test_b(student): student.run(give, x=4242)\n"
        "def test_c(student): student.run(give, x=3)\n"
        "def test_d(student): student.run(give, x=4)\n"
    )
    code = "seen = []\ndef keep(x):\n    seen.append(x)\n    raise ValueError(str(seen))\n"
    open_ones = graded(text, code)
    assert "4242" in open_ones["c"].message
    results = graded(text, code, kept_back={"b"})
    assert "4242" in results["b"].message
    assert "4242" not in results["c"].message + results["d"].message
    assert statuses(results) == statuses(open_ones)


def test_a_check_that_is_left_out_is_in_nobodys_way(collected: Collect, sandbox: Sandbox) -> None:
    text = (
        "def test_a(student): ...\n"
        "@needs('a')\ndef test_b(student): ...\n"
        "@needs('b')\ndef test_c(student): expect(False, 'no')\n"
        "@needs('c')\ndef test_d(student): ...\n"
    )
    checks = {name: check for name, check in collected(text).items() if name != "a"}
    with closing(Session("work", Source.of_text("work.py", CODE), sandbox)) as session:
        results = run_checks(checks, Sessions(session), 1).checks
    told = {result.name: result.status for result in results}
    assert told == {"b": "passed", "c": "failed", "d": "not_reached"}


def test_what_is_needed_is_needed_all_the_way(graded: Run) -> None:
    text = (
        "def test_a(student):\n    '''A is first.'''\n    expect(False, 'no')\n"
        "@needs('a')\ndef test_b(student):\n    '''B is next.'''\n"
        "@needs('b')\ndef test_c(student): ...\n"
    )
    messages = [result.message for result in graded(text).values()]
    assert messages[1:] == [
        f"Not tried, because this comes first: {first}." for first in ("A is first", "B is next")
    ]


FOLLOWING = """
@points(1)
def test_a(student):
    '''It is two.'''
    expect(student.run(call, name="fine") == %d, "It is not.")

@points(1)
@follows("a")
def test_b(student):
    expect(student.run(call, name="fine") == 3, "Not three.", Cause("own", "Its own cause."))

@points(1)
@follows("a")
def test_c(student): student.run(call, name="later")

@points(1)
@follows("a")
def test_d(student): expect(student.run(call, name="fine") == 1, "Not one.")
"""


def test_a_failure_after_one_of_what_it_works_with_tells_of_that(graded: Run) -> None:
    told = graded(FOLLOWING % 2, CODE)
    assert "It is two." in told["b"].cause
    assert told["b"].cause_id == "follows"
    assert (told["c"].status, told["c"].cause) == ("not_started", "")
    assert told["d"].score == 1  # it counts as any other
    assert graded(FOLLOWING % 1, CODE)["b"].cause == "Its own cause."


def test_without_a_file_nothing_is_tried(collected: Collect) -> None:
    ran = run_checks(collected("def test_a(student): 1 / 0\n"), None, 1)
    assert ran.sightings == ()
    [result] = ran.checks
    assert (result.status, result.message) == (
        "not_reached",
        "There is no file for this exercise.",
    )


def test_after_a_file_that_cannot_be_loaded_nothing_is_tried(graded: Run) -> None:
    text = "@pytest.mark.parametrize('n', [1, 2])\ndef test_a(student, n): student.run(call, name='f')\n"
    result = graded(text + "def test_b(): 1 / 0\n", "1 / 0")
    assert statuses(result) == {"a": "not_reached", "b": "not_reached"}
    assert result["a"].message == "The file could not be loaded."


class Raising:
    """A session that does not get as far as an answer."""

    load_problem = ""
    waited, is_waiting = 0.0, False

    def __init__(self, error: Exception) -> None:
        self.error = error

    def ask(self, request: object) -> Any:
        raise self.error

    def ask_again(self) -> Any:
        return ()

    def begin_check(self, *, anew: bool) -> None: ...


@pytest.mark.parametrize("kind", [SandboxLost, CourseFault, UnsupportedVersion])
def test_every_fault_passes_through(collected: Collect, kind: type[Fault]) -> None:
    checks = collected("def test_a(student): student.run(call, name='fine')\n")
    with pytest.raises(kind, match="It is gone"):
        run_checks(checks, Sessions(cast(Session, Raising(kind("It is gone.")))), 1)


def test_cases_for_cuda_run_in_its_own_session(collected: Collect) -> None:
    checks = collected("def test_a(elsewhere): elsewhere.run(call, name='fine')\n", "cpu", "cuda")
    main, cuda = (cast(Session, Raising(ValueError(name))) for name in ("main", "cuda"))
    with pytest.raises(ValueError, match="cuda"):
        run_checks(checks, Sessions(main, cuda), 1)
    with pytest.raises(ValueError, match="main"):
        run_checks(checks, Sessions(main), 1)


def test_a_case_has_random_numbers_of_its_own(graded: Run) -> None:
    text = (
        "drawn = {}\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_it(student, draw, n):\n"
        "    drawn[n, draw.dtype] = draw.normal().item()\n"
        "def test_all_differ(): expect(len(set(drawn.values())) == 4, str(drawn))\n"
    )
    assert statuses(graded(text)) == {"it": "passed", "all_differ": "passed"}


def test_a_memo_holds_nothing_that_a_case_has_made(graded: Run, tmp_path: Path) -> None:
    text = (
        "import weakref\n"
        "class Big: ...\n"
        "made = weakref.WeakSet()\n"
        "def deeper(big):\n"
        "    try:\n        1 / 0\n"
        "    except ZeroDivisionError as error:\n        raise CheckFailed('no') from error\n"
        "def test_it(student):\n"
        "    big = Big()\n    made.add(big)\n    student.run(call, name='fine')\n    deeper(big)\n"
    )
    assert graded(text)["it"].message == "no"
    [case] = collect((tmp_path / "checks.py",), ("cpu",))["it"].cases
    assert case.memo.first is not None
    gc.collect()
    assert len(case.function.__globals__["made"]) == 0


def test_a_check_that_does_not_end_is_the_courses_fault(
    graded: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm, "CHECKS_SECONDS", 0.1)
    with pytest.raises(CourseFault, match=r"A check did not end within 0\.1 s") as fault:
        graded("def test_b(): ...\ndef test_a(student):\n    while True: pass\n")
    assert fault.value.check == "a"


def test_checks_run_in_any_thread(graded: Run) -> None:
    results: list[dict[str, CheckResult]] = []
    checks = "def test_a(student): expect(student.run(call, name='fine') == 1, 'no')\n"
    thread = threading.Thread(target=lambda: results.append(graded(checks)))
    thread.start()
    thread.join()
    assert [statuses(each) for each in results] == [{"a": "passed"}]


# a check that raises


def test_what_raises_with_the_solution_as_well_is_the_courses_fault(graded: Run) -> None:
    text = "def test_a(student):\n    student.run(call, name='fine')\n    [][0]\n"
    with pytest.raises(CourseFault, match="IndexError: list index out of range") as fault:
        graded(text, solution=SOLUTION)
    assert fault.value.check == "a"
    assert isinstance(fault.value.__cause__, IndexError)


def test_what_the_solution_passes_is_the_answers_fault(graded: Run) -> None:
    text = "def test_a(student):\n    [0, 1, 2][student.run(call, name='fine')]\n"
    assert statuses(graded(text, solution=SOLUTION)) == {"a": "passed"}
    result = graded(text, "def fine(): return 5\n", solution=SOLUTION)["a"]
    assert result.status == "failed"
    assert result.message.startswith(
        "The check cannot work with what your code gave back (IndexError: list index out of range)."
    )


def test_other_checks_are_none_the_worse_for_it(graded: Run) -> None:
    """The student's child is ended for the solution, when all checks have run."""
    text = (
        "def test_a(student): [0, 1, 2][student.run(call, name='fine')]\n"
        "def test_b(student): expect(student.run(call, name='count') == 1, 'a new child')\n"
        "def test_c(student): [0, 1, 2][student.run(call, name='fine')]\n"
        "def test_d(student): expect(student.run(call, name='count') == 2, 'a new child')\n"
    )
    code = "n = 0\ndef fine(): return 5\ndef count():\n    global n\n    n += 1\n    return n\n"
    results = graded(text, code, solution=SOLUTION)
    assert statuses(results) == {"a": "failed", "b": "passed", "c": "failed", "d": "passed"}


def test_the_solution_is_asked_once_for_a_case(graded: Run, tmp_path: Path) -> None:
    text = (
        "from pathlib import Path\n"
        f"place = Path({str(tmp_path / 'n')!r})\n"
        "def test_a(student):\n"
        "    got = student.run(call, name='fine')\n"
        "    if got == 2: place.write_text(place.read_text() + 'x')\n"
        "    [0, 1, 2][got]\n"
    )
    (tmp_path / "n").write_text("")
    for answer in (5, 6, 7):
        assert (
            graded(text, f"def fine(): return {answer}\n", solution=SOLUTION)["a"].status
            == "failed"
        )
    assert (tmp_path / "n").read_text() == "x"


# a check that fails


FAILS = """
def test_a(student): expect(student.run(call, name='fine') == 3, 'It is 3.')
"""


def test_what_the_solution_fails_as_well_is_the_courses_fault(graded: Run) -> None:
    for _ in range(2):  # also where it is known how the case ends
        with pytest.raises(CourseFault, match="does not pass the check a either: It is 3") as fault:
            graded(FAILS, solution=SOLUTION)
        assert fault.value.check == "a"


def test_a_failure_stands_where_the_solution_passes_or_is_missing(graded: Run) -> None:
    for solution in (None, "def fine(): return 3\n"):
        assert graded(FAILS, solution=solution)["a"].message == "It is 3."


def test_one_case_that_the_solution_passes_is_enough_for_a_check(graded: Run) -> None:
    """The one that is told of; and whoever asks only for the first failure is not told of it."""
    text = (
        "@pytest.mark.parametrize('n', [0, 1])\n"
        "def test_a(student, n): expect(student.run(call, name='fine') == 3 - n, f'no {n}')\n"
    )
    with pytest.raises(CourseFault, match="no 0"):
        graded(text, solution="def fine(): return 2\n")
    results = graded(text, solution="def fine(): return 2\n", first_failure=True)
    assert statuses(results) == {"a": "failed"}
    assert graded(text, solution="def fine(): return 3\n")["a"].message.startswith("no 0")


DIFFERENTIATES = """
import torch

calls = 0

def engine():
    with torch.enable_grad():
        torch.ones((), requires_grad=True).mul(2).backward()

def by_hand(): return 1
def always(): engine()
def later():
    global calls
    calls += 1
    if calls > 3: engine()
def wrong():
    engine()
    raise ValueError("no")
"""
WATCHED = """
@probe
def by_hand(student): return student.by_hand()
@probe
def always(student): return student.always()
@probe
def later(student): return student.later()

def test_right(student, dtype): student.run(by_hand)
def test_broken(student, device):
    student.run(by_hand)
    student.run(always)
    expect(False, 'no')
@needs('right')
def test_after(student): student.run(call, name='always')
@pytest.mark.parametrize('n', range(3))
def test_last(student, n): student.run(later)
"""


def test_what_was_seen_is_told_by_check_and_case(collected: Collect, sandbox: Sandbox) -> None:
    """By the numbers, a check ends as it would: what a rule costs is not said here."""
    source = Source.of_text("work.py", DIFFERENTIATES)
    watched = {"by hand": True}
    with closing(Session("work", source, sandbox, watched_for=lambda _: watched)) as session:
        ran = run_checks(collected(WATCHED), Sessions(session), 1)
    ended = {check.name: check.status for check in ran.checks}
    assert ended == {"right": "passed", "broken": "failed", "after": "passed", "last": "passed"}
    seen = {(each.check, each.device) for each in ran.sightings if each.rule == "by hand"}
    # `later` is asked three times, and the last time once more, traced
    assert seen == {("broken", "cpu"), ("after", "cpu"), ("last", "cpu")}
    assert all(each.name for each in ran.sightings)
    called = {each.check: each.called for each in ran.sightings}
    assert called == {
        "broken": {"always"},
        "after": {"always"},
        "last": {"later"},
    }


def test_who_asks_for_the_first_failure_alone_has_the_last_runs_watched_as_well(
    collected: Collect, sandbox: Sandbox
) -> None:
    source = Source.of_text("work.py", DIFFERENTIATES)
    text = WATCHED.replace("expect(False, 'no')", "pass").replace("student.run(always)", "pass")
    with closing(Session("work", source, sandbox, watched_for=lambda _: {"by hand": True})) as one:
        ran = run_checks(collected(text), Sessions(one), 1, first_failure=True)
    assert {each.check for each in ran.sightings} == {"after", "last"}


# a fault is no outcome of a check


def test_a_fault_that_a_check_swallows_is_raised_all_the_same(collected: Collect) -> None:
    checks = collected(
        "def test_a(student):\n"
        "    try:\n        student.run(call, name='fine')\n"
        "    except Exception:\n        return\n"
    )
    for kind in (SandboxLost, CourseFault, KeyError):
        with pytest.raises(kind):
            run_checks(checks, Sessions(cast(Session, Raising(kind("It is gone.")))), 1)


def test_an_answer_that_never_came_is_not_swallowed(graded: Run, strict_sandbox: Sandbox) -> None:
    text = (
        "def test_a(student):\n"
        "    for _ in range(9):\n"
        "        try:\n            student.run(call, name='hangs')\n"
        "        except Exception:\n            pass\n"
        "def test_b(student):\n"
        "    try:\n        student.run(call, name='wrong')\n"
        "    except Exception:\n        return\n"
        "    expect(False, 'It has to raise.')\n"
    )
    results = graded(text, box=strict_sandbox)
    # that the code raises is an answer, and a check may wait for it
    assert statuses(results) == {"a": "timeout", "b": "passed"}


def test_a_case_that_asks_for_something_else_next_time(graded: Run) -> None:
    """Whoever was graded before: each is told the same, and nobody is judged by another's inputs."""
    text = (
        "import torch\n@probe\ndef same(student, x): return x\n"
        "def test_a(student): student.run(same, x=torch.randn(2))\n"
    )
    for _ in range(3):
        with pytest.raises(CourseFault, match="Draw them with `draw`") as fault:
            graded(text)
        assert fault.value.check == "a"


def test_a_case_may_use_the_shared_generators_for_its_own(graded: Run) -> None:
    text = (
        "import random, torch\n@probe\ndef same(student, x): return x\n"
        "seen = set()\n"
        "def test_a(student, draw):\n"
        "    layer = torch.nn.Linear(2, 2)\n"
        "    expect(student.run(same, x=draw.normal(1)) is not None, 'no')\n"
        "    seen.add((layer.weight[0, 0].item(), random.random()))\n"
        "def test_b(): expect(len(seen) == 2, str(seen))\n"
    )
    for _ in range(2):  # two cases, which draw the same each time
        torch.manual_seed(5)
        assert statuses(graded(text, "x = 1\n")) == {"a": "passed", "b": "passed"}
