"""What became of a child, an exception or a file is told in sentences; whatever a child says is checked first."""

from __future__ import annotations

from typing import Any

import pytest

from grader.checking.filling import NotJudged
from grader.checking.outcome import CheckFailed
from grader.checking.telling import failures
from grader.checking.telling.failures import ONE_THREAD, Failures
from grader.checking.telling.raised import strings
from grader.errors import NoAnswer
from grader.sandbox.wire.values import WireError
from grader.submission.submission import Cell, Source
from grader.text import line_of

TEXT = """def outer(x):
    return inner(x)

def inner(x):
    return x.view(7)

def later(x):
    raise NotImplementedError("later is not written yet")
"""
NOTEBOOK = Source(
    "work.ipynb",
    (Cell("work.ipynb, cell 1", "import torch"), Cell("work.ipynb, cell 2", "1 / 0")),
    notebook=True,
)


@pytest.fixture
def told() -> Failures:
    return Failures("work", Source("work.py", (Cell("work.py", TEXT),)))


def error(kind: str, message: str, *lines: object) -> dict[str, Any]:
    """As a child tells of an exception; a line is the number of its cell, its own, and its function."""
    return {"type": kind, "message": message, "lines": [*lines]}


def test_an_exception_is_told_with_its_line_and_its_callers(told: Failures) -> None:
    raised = error("ValueError", "no.", [0, 2, "outer"], [0, 5, "inner"])
    outcome = told.raised(raised, "cpu")
    assert outcome.status == "failed"
    assert outcome.message == (
        "`inner` raised ValueError: no (work.py, line 5: `return x.view(7)`).\n"
        "    called at work.py, line 2: `return inner(x)`"
    )
    assert outcome.causes == ()


def test_no_more_than_two_callers_are_told(told: Failures) -> None:
    lines = [[0, number, "f"] for number in (1, 2, 4, 5)]
    message = told.raised(error("ValueError", "", *lines), "cpu").message
    places = [line.split(":")[0].strip() for line in message.splitlines()[1:]]
    assert places == ["called at work.py, line 4", "called at work.py, line 2"]
    assert message.startswith("`f` raised ValueError (work.py, line 5")


def test_what_an_exception_means_is_its_cause(told: Failures) -> None:
    message = "mat1 and mat2 shapes cannot be multiplied (5x3 and 4x3)"
    outcome = told.raised(error("RuntimeError", message, [0, 5, "inner"]), "cpu")
    assert [cause.id for cause in outcome.causes] == ["raised-shapes"]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('raise KeyError("no column")', ["raised-own"]),
        ("assert x > 0", ["raised-own"]),
        ("raise", []),  # what went wrong is another line's
        ("raised = lookup(x)", []),
    ],
)
def test_an_exception_that_the_student_raises(text: str, known: list[str]) -> None:
    told = Failures("work", Source("work.py", (Cell("work.py", f"def f(x):\n    {text}\n"),)))
    outcome = told.raised(error("KeyError", "no column", [0, 2, "f"]), "cpu")
    assert [cause.id for cause in outcome.causes] == known


def test_a_raise_of_the_students_is_one_mistake_whatever_it_says() -> None:
    """Names that a check has drawn stand in what it says."""
    text = 'def f(x):\n    raise KeyError(f"no column {x}")\n'
    told = Failures("work", Source("work.py", (Cell("work.py", text),)))
    one, other = (
        told.raised(error("KeyError", f"no column {name}", [0, 2, "f"]), "cpu")
        for name in ("bora", "zeda")
    )
    assert one.mistake == other.mistake
    assert one.message != other.message


def test_what_is_not_written_is_no_failure(told: Failures) -> None:
    written = error("NotImplementedError", "later is not written yet", [0, 8, "later"])
    outcome = told.raised(written, "cpu")
    assert (outcome.status, outcome.message) == ("not_started", "later is not written yet")
    bare = told.raised(error("NotImplementedError", "", [0, 8, "later"]), "cpu")
    assert (bare.status, bare.message) == ("not_started", "Not written yet.")


def test_what_torch_has_not_implemented_is_a_failure(told: Failures) -> None:
    outcome = told.raised(error("NotImplementedError", "no kernel", [0, 5, "inner"]), "cpu")
    assert outcome.status == "failed"


def test_autograds_complaints_are_put_in_plain_words(told: Failures) -> None:
    complaint = "function FBackward returned an incorrect number of gradients (expected 3, got 2)"
    outcome = told.raised(error("RuntimeError", complaint), "cpu")
    assert outcome.message.startswith("`backward` of F returns 2 gradients")


def test_an_exception_without_a_line_of_the_students(told: Failures) -> None:
    """It is not the student's code that raised, and is not told so."""
    outcome = told.raised(error("TypeError", "f() takes 1 argument"), "cpu")
    assert outcome.message == (
        "It does not take the arguments that are asked: TypeError: f() takes 1 argument."
    )
    used = told.raised(error("AttributeError", "'float' object has no attribute 'sum'"), "cpu")
    assert used.status == "failed"
    assert used.message == (
        "The check could not go on with what it got: "
        "AttributeError: 'float' object has no attribute 'sum'."
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (NotJudged("no attribute", "w"), "Not judged, because there is no attribute `w`."),
        (NotJudged("unregistered", "w"), "Not judged, because `w` is not a registered `nn.Parameter`."),
        (NotJudged("frozen", "w"), "Not judged, because `w` does not require gradients."),
        (
            NotJudged("shape", "w", (4,), (3, 2)),
            "Not judged, because `w` has shape (4,): numbers of shape (3, 2) do not fit into it.",
        ),
    ],
)  # fmt: skip
def test_a_probe_that_says_why_it_cannot_judge(
    told: Failures, said: NotJudged, sentence: str
) -> None:
    outcome = told.raised(error("NotJudged", str(said)), "cpu")
    assert (outcome.status, outcome.message) == ("not_reached", sentence)


@pytest.mark.parametrize("said", ["", "shape", "other|w", "shape|w|(4,)", "frozen|a|b|c|d"])
def test_what_no_probe_says_is_told_as_any_exception(told: Failures, said: str) -> None:
    outcome = told.raised(error("NotJudged", said), "cpu")
    assert outcome.status == "failed"
    assert outcome.message.startswith("The check could not go on with what it got: NotJudged")
    assert told.raised(error("NotJudged", "frozen|w", [0, 2, "outer"]), "cpu").status == "failed"


MISSING = error("AttributeError", "module 'work' has no attribute 'inner'")


def test_a_name_that_is_missing_is_held_against_those_that_are_there(told: Failures) -> None:
    assert told.raised(MISSING, "cpu").message == "work.py does not define `inner`."
    told.note_loaded({"names": ["iner", "torch", 5]})
    assert told.raised(MISSING, "cpu").message == (
        "work.py does not define `inner`. It has `iner`: is that the one?"
    )


def test_a_cell_that_raised_may_be_why_a_name_is_missing() -> None:
    told = Failures("work", NOTEBOOK)
    told.note_loaded(
        {"names": [], "errors": [error("ZeroDivisionError", "no", [1, 1, "<module>"])]}
    )
    assert told.raised(MISSING, "cpu").message == (
        "work.ipynb does not define `inner`. A cell raised ZeroDivisionError: no (work.ipynb, cell 2, line 1: `1 / 0`)."
    )
    told.note_loaded({"names": [], "errors": [error("ZeroDivisionError", "")]})
    assert told.raised(MISSING, "cpu").message.endswith("A cell raised ZeroDivisionError.")


def test_a_name_of_another_module_is_told_as_any_exception(told: Failures) -> None:
    other = error("AttributeError", "module 'torch' has no attribute 'inner'")
    assert told.raised(other, "cpu").message.startswith(
        "The check could not go on with what it got: AttributeError"
    )


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        "ValueError",
        {},
        {"type": 5, "message": ["x"], "lines": "abc"},
        error("Exception", "", None, [0, "1", "f"], [0, 1], [True, 1, "f"]),
        error("Exception", "", [-1, 1, "f"], [7, 1, "f"], [0, 0, "f"], [0, 10**9, "f"]),
    ],
)
def test_what_is_not_of_the_right_form_is_dropped(told: Failures, nonsense: Any) -> None:
    assert told.raised(nonsense, "cpu").message == (
        "The check could not go on with what it got: Exception."
    )
    assert told.raised_at_import(nonsense) == "work.py: importing the file raises Exception."
    told.note_loaded({"names": nonsense, "errors": nonsense})
    assert told.raised(MISSING, "cpu").message == "work.py does not define `inner`."


def test_a_line_beyond_the_file_has_no_text(told: Failures) -> None:
    message = told.raised(error("ValueError", "", [0, 900, "f"]), "cpu").message
    assert message == "`f` raised ValueError (work.py, line 900: ``)."


def test_what_a_child_says_is_made_safe_to_show(told: Failures) -> None:
    message = told.raised(error("E\x1b[2K", "\u202e" + "x" * 5000), "cpu").message
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert len(message) < 1000
    assert strings(["a\x1b", 1, None, "b" * 200])[0] == "a\\x1b"
    assert strings("abc") == []


def test_a_lost_child(told: Failures) -> None:
    late = NoAnswer("timeout", "did not finish within {seconds:g} seconds", (0, 2), seconds=5.0)
    outcome = told.lost(late, "cpu")
    assert outcome.status == "timeout"
    assert outcome.message == (
        "Your code did not finish within 5 seconds. It was at work.py, line 2: `return inner(x)`."
    )
    died = NoAnswer("died", "crashed ({signal})", signal="SIGSEGV")
    outcome = told.lost(died, "cpu")
    assert (outcome.status, outcome.message) == ("failed", "Your code crashed (SIGSEGV).")
    assert outcome.causes == ()


def test_a_child_that_dies_on_the_simulated_accelerator_has_a_likely_cause(told: Failures) -> None:
    [cause] = told.lost(NoAnswer("died", "crashed"), "sim").causes
    assert "`sim:0`" in cause.text
    assert told.lost(NoAnswer("died", "crashed"), "sim:1").causes == (cause,)
    assert told.lost(NoAnswer("timeout", "was late"), "sim").causes == ()


def test_a_child_that_is_lost_at_import(told: Failures) -> None:
    died = NoAnswer("died", "ended its process")
    assert told.lost_at_import(died) == "work.py: importing the file ended its process."
    late = told.lost_at_import(NoAnswer("timeout", "was late", (0, 5)))
    assert late.startswith("work.py, line 5: importing the file was late.")
    assert "__main__" in late


@pytest.mark.parametrize(
    ("raised", "sentence"),
    [
        (
            error("SyntaxError", "'(' was never closed", [0, 4, ""]),
            "work.py, line 4: SyntaxError: '(' was never closed: `def inner(x):`.",
        ),
        (error("SyntaxError", "too deep"), "work.py: SyntaxError: too deep."),
        (
            error("NameError", "no x", [0, 1, "<module>"], [0, 5, "inner"]),
            "work.py, line 5: importing the file raises NameError: no x: `return x.view(7)`.",
        ),
        (
            error("SystemExit", "1", [0, 5, "<module>"]),
            "work.py, line 5: importing the file ends the program: `return x.view(7)`.",
        ),
    ],
)
def test_an_import_that_raises(told: Failures, raised: Any, sentence: str) -> None:
    assert told.raised_at_import(raised) == sentence


def test_a_class_that_is_half_made() -> None:
    source = Source.of_text("work.py", "class A:\n    print(x)\n")
    told = Failures("work", source)
    raised = error("NameError", "no x", [0, 1, "<module>"], [0, 2, "A"]) | {"names": ["A"]}
    told.note_loaded({"names": [], "errors": [raised]})
    assert told.is_nothing_defined
    assert told.not_loaded(raised) == (
        "work.py, line 2: importing the file raises NameError: no x: `print(x)`. "
        "So the class that begins at work.py, line 1 is not made."
    )
    lost = NoAnswer("died", "ended its process")
    told.note_loaded({"names": []}, lost)
    assert told.not_loaded(None) == "work.py: importing the file ended its process."


def test_code_below_a_line_that_raises_is_told() -> None:
    told = Failures(
        "work", Source.of_text("work.py", "def f():\n    raise NotImplementedError\n    x\n")
    )
    assert (told.notes, told.has_unreached_code) == ((), False)
    told.raised(error("NotImplementedError", "", [0, 2, "f"]), "cpu")
    assert told.has_unreached_code
    assert told.notes == (
        "work.py, line 2 still raises NotImplementedError: the code below it is never reached. Delete that line.",
    )


def test_what_ends_a_case_without_an_answer() -> None:
    assert failures.not_loaded().status == "not_reached"
    cut = failures.cut_short(60)
    assert cut.status == "timeout"
    assert cut.message == "Your code did not finish within the 60 seconds for all of this exercise."
    late = failures.out_of_time(60)
    assert (late.status, late.message) == (
        "timeout",
        "Not run: the 60 seconds for this exercise are used up.",
    )
    useless = failures.unusable(WireError("it is odd"))
    assert isinstance(useless, CheckFailed)
    assert useless.message == "The answer of your code cannot be used: it is odd."


def test_a_child_may_tell_what_it_likes_and_a_little_of_it_is_looked_at(
    told: Failures, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []

    def counted(lines: list[str], number: int) -> str:
        looked_at.append(number)
        return line_of(lines, number)

    monkeypatch.setattr("grader.checking.telling.raised.line_of", counted)
    lines = [[0, 1 + number % 5, "f"] for number in range(5000)]
    message = told.raised(error("ValueError", "no", *lines), "cpu").message
    assert message.count("called at") == 2
    assert len(looked_at) < 5
    told.raised(error("ValueError", "no", *[[9, 9, "f"]] * 5000, *[["?"]] * 5000), "cpu")
    assert len(looked_at) < 5
    # every cell may have raised, and the first one is told
    told.note_loaded({"names": ["f"] * 5000, "errors": [error("ValueError", "no", *lines)] * 5000})
    assert len(looked_at) < 10
    assert len(strings(["x" * 1000] * 5000)) == 1000
    assert len(failures.unusable(ValueError("x" * 5000)).message) < 1000


def test_a_large_source_is_split_into_lines_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Text(str):
        """Counts how often it is split."""

        splits = 0

        def splitlines(self, keepends: bool = False) -> list[str]:
            Text.splits += 1
            return super().splitlines(keepends)

    told = Failures("work", Source("work.py", (Cell("work.py", Text(TEXT)),)))
    for _ in range(20):
        told.raised(error("ValueError", "no", [0, 2, "outer"], [0, 5, "inner"]), "cpu")
    assert Text.splits == 1


def test_a_thread_where_none_can_start_is_told_in_a_sentence(told: Failures) -> None:
    raised = error("RuntimeError", "can't start new thread", [0, 5, "inner"])
    [cause] = told.raised(raised, "cpu", watched=True).causes
    assert cause == ONE_THREAD
    assert "one thread" in cause.text
    assert told.raised(raised, "cpu").causes == ()
    assert ONE_THREAD not in told.raised(error("RuntimeError", "no"), "cpu", watched=True).causes
