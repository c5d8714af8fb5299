"""What is told of a check, by how its cases ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from grader.checking.check_run import CheckRun, outcome_of
from grader.checking.collect import Case, Check
from grader.checking.outcome import CaseEnd, Cause
from grader.checking.probes import probe
from grader.checking.session import Request
from grader.checking.telling.explain import IN_PLACE, NAN

DOUBLED = Cause("doubled", "Twice as large.")


def run_of(*ends: CaseEnd, **params: object) -> CheckRun:
    check = Check("a", "It is right.", 2, (), (), Path("a.py"))
    cases = [Case("a", lambda: None, (), {"n": n, **params}) for n, _ in enumerate(ends)]
    cases_ended = [outcome_of(case, end) for case, end in zip(cases, ends, strict=True)]
    return CheckRun(check, cases=cases_ended)


def test_the_worst_case_decides() -> None:
    result = run_of(CaseEnd(), CaseEnd("not_reached", "Later."), CaseEnd("failed", "Not so."))
    told = result.result()
    assert (told.status, told.score, told.points) == ("failed", 0, 2)
    assert told.message == "Not so. (With n = 2; 1 of 3 cases.)"
    assert (run_of().status, run_of(CaseEnd()).result().score) == ("not_reached", 2)


@pytest.mark.parametrize(("others", "cause"), [(1, "Twice as large."), (2, "")])
def test_a_cause_fits_three_in_four(others: int, cause: str) -> None:
    ends = [CaseEnd("failed", "Not so.", (DOUBLED,))] * 3 + [CaseEnd("failed", "Not so.")] * others
    assert run_of(*ends).result().cause == cause


def test_what_was_looked_up_is_told_in_place_of_it() -> None:
    run = run_of(CaseEnd("failed", "Not so.", (DOUBLED,), place="a.py, line 1", mistake="one"))
    assert (run.result().place, run.mistake) == ("a.py, line 1", "one")
    run.looked_up = Cause("nan", "Zero in line 7."), "a.py, line 7"
    told = run.result()
    assert (told.cause, told.place) == ("Zero in line 7.", "a.py, line 7")
    assert run.mistake != "one"


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        (
            {"labels": [torch.ones(2, dtype=torch.int64)], "c": 3},
            "Not so. (With n = 0; 1 of 2 cases.)",
        ),
        ({"x": {"a": torch.ones(2)}}, "Not so. (With n = 0, float32; 1 of 2 cases.)"),
        ({"c": 3}, "Not so. (With n = 0, float32; 1 of 2 cases.)"),
    ],
)
def test_where_all_that_is_given_is_whole_numbers_there_is_no_dtype_to_tell(
    inputs: dict[str, Any], told: str
) -> None:
    run = run_of(CaseEnd())
    case = Case("a", lambda: None, (), {"n": 0, "dtype": torch.float32})
    asked = Request(probe(run_of), inputs, "cpu", 1)
    run.cases.append(outcome_of(case, CaseEnd("failed", "Not so."), asked=asked))
    assert run.result().message == told


def test_a_warning_of_torchs_is_a_cause_where_there_is_no_other() -> None:
    warned = "UserWarning: The .grad attribute of a Tensor that is not a leaf Tensor is being"
    for status, causes, told in (
        ("failed", (), "The `.grad` of a result"),
        ("failed", (DOUBLED,), "Twice"),
        ("timeout", (), ""),
    ):
        run = run_of()
        case = Case("a", lambda: None, (), {})
        end = CaseEnd(status, "Not so.", causes)  # type: ignore[arg-type]  # a status from a list
        run.cases = [outcome_of(case, end, printed=f"a.py:3: {warned}\n  accessed")]
        assert run.result().cause.startswith(told) if told else not run.result().cause


def test_what_is_not_finite_is_looked_into_though_few_cases_are() -> None:
    others = [CaseEnd("failed", "Not so.")] * 3
    # and an input was changed where it is told
    assert run_of(CaseEnd("failed", "Changed.", (IN_PLACE,)), *others).cause == IN_PLACE
    ends = [CaseEnd("failed", "Not so.", (NAN,)), *others]
    assert run_of(*ends).cause == NAN
    assert run_of(*reversed(ends)).cause is None


def test_what_is_not_finite_hides_nothing_that_the_told_case_shows() -> None:
    ends = [CaseEnd("failed", "Not so.", (DOUBLED,))] * 2
    ends += [CaseEnd("failed", "Not so.", (NAN,))] * 2
    assert run_of(*ends).cause == DOUBLED
