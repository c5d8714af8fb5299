"""Reports whose every text is an attack on whatever shows it, and reports of known scores."""

from __future__ import annotations

from collections.abc import Sequence

from grader.report import CheckResult, CheckStatus, Environment, ExerciseResult, Report, Violation

FORGED = "::notice title=Autograding complete::Points 999/999"
ATTACKS = (
    f"x\n{FORGED}",
    f"   {FORGED}",
    f"x\r{FORGED}",
    f"x\u2028{FORGED}",
    ":::error::x\n::::add-mask::y",
    "a ##[notice title=Autograding complete]Points 999/999",
    "##[##[error]x",
    "%0A::error::x",
    "::stop-commands::all",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "\u202eesrever\u202c \u2066isolate\u2069 \u200b",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</details></summary><h1>all points</h1>",
    "| a | b |\n|---|---|\n# heading\n- [x] **bold** [link](javascript:alert(1)) ![i](http://x/y.png)",
    "```\n# out of the fence\n```````text\n",
    "@everyone @octocat #1 GH-1",
    '=cmd|"/c calc"!A1',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "]]> <!-- & &amp; &#x3c; \ufffe \x00",
    "1. one",
    "2) two",
    "---",
    "기울기 " * 300,
    "\U0001f600" * 3000,
    "x" * 100_000,
)


def a_check(
    number: int, status: CheckStatus, points: int, text: str, description: str
) -> CheckResult:
    return CheckResult(
        name=f"check_{number}",
        description=description,
        status=status,
        points=points,
        score=points if status == "passed" else 0,
        message="" if status == "passed" else text,
        cause="" if status == "passed" else text,
    )


def hostile_report(share: float = 0.5, exercises: int = 18, held_back: int = 0) -> Report:
    """Eighteen exercises whose names, descriptions, messages and causes attack; about `share` of the checks pass."""
    results = []
    points = (3, 2, 2, 1, 1, 1)
    for index in range(exercises):
        texts = [ATTACKS[(index * len(points) + at) % len(ATTACKS)] for at in range(len(points))]
        checks = tuple(
            a_check(at, "passed" if at < share * len(points) else "failed", worth, text, text)
            for at, (worth, text) in enumerate(zip(points, texts, strict=True))
        )
        passed = all(check.status == "passed" for check in checks)
        results.append(
            exercise_of(f"exercise_{index}{ATTACKS[index]}", checks, texts[0], passed, held_back)
        )
    return report_of(results)


def exercise_of(
    name: str, checks: tuple[CheckResult, ...], text: str, passed: bool, held_back: int = 0
) -> ExerciseResult:
    score = sum(check.score for check in checks)
    return ExerciseResult(
        name=name,
        title=text,
        score=score,
        max_score=sum(check.points for check in checks),
        status="passed" if passed else "partial" if score else "failed",
        message="" if passed else text,
        checks=checks,
        seed=7,
        held_back=held_back,
    )


def with_violation(report: Report, text: str) -> Report:
    first = report.exercises[0]
    broken = ExerciseResult(
        **{
            **{name: getattr(first, name) for name in first.__dataclass_fields__},
            "violations": (Violation(3, "by hand", text),),
        }
    )
    return Report(report.submission, (broken, *report.exercises[1:]), report.environment)


def plain_report(scores: Sequence[tuple[int, int]], held_back: int = 0) -> Report:
    """One exercise, a check for each (score, points)."""
    checks = tuple(
        a_check(at, "passed" if score == points else "failed", points, "wrong", f"check {at}")
        for at, (score, points) in enumerate(scores)
    )
    passed = all(score == points for score, points in scores)
    return report_of([exercise_of("sums", checks, "Sums", passed, held_back)])


def report_of(results: Sequence[ExerciseResult]) -> Report:
    return Report("submission", tuple(results), Environment("3.11", "2.13.0", ("cpu",), ()))
