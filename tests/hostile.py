"""Reports made by hand: whose every text is an attack on whatever shows it, of known scores, of every status."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO

from rich.console import Console, RenderableType

from grader.report import (
    CheckResult,
    CheckStatus,
    Environment,
    ExerciseResult,
    ExerciseStatus,
    Picture,
    Report,
    Violation,
)

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

# what GitHub's runner takes for a command: at a line's start after white space, and in the old form anywhere
COMMAND = re.compile(r"^\s*::", re.MULTILINE)
OLD_COMMAND = "##["


def lines_of(text: str) -> list[str]:
    """As the runner reads them."""
    return re.split("\r\n|\r|\n", text)


def shows_nothing_hidden(text: str) -> bool:
    """Whether `text` has no control and no format characters: none that a terminal or a browser would obey."""
    return not any(
        unicodedata.category(each) in ("Cc", "Cf", "Cs") for each in text if each != "\n"
    )


def console(width: int = 100, colours: bool = False) -> tuple[Console, StringIO]:
    """A console, and what is printed on it."""
    out = StringIO()
    return Console(file=out, width=width, force_terminal=colours, legacy_windows=False), out


def printed(what: RenderableType, width: int = 100) -> str:
    """What Rich makes of something, as plain text."""
    paper, out = console(width)
    paper.print(what)
    return out.getvalue()


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
    """The report, in which all checks of the first exercise were seen to break a rule, and say `text`."""
    first = report.exercises[0]
    checks = tuple(replace(each, status="failed", score=0, message=text) for each in first.checks)
    names = tuple(check.name for check in checks)
    told = (Violation(3, "by hand", text, names),)
    plain = replace(first, checks=checks, score=0, status="failed")
    broken = replace(plain, message="No points.", violations=told)
    return replace(report, exercises=(broken, *report.exercises[1:]))


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


def of_every_status(language: str = "en") -> Report:
    """An exercise of each status that is a verdict, with the checks that it can have; every text names its place."""
    results = []
    for status, kinds in _KINDS.items():
        checks = [_one(kind, f"{status}/{kind}") for kind in kinds]
        score = sum(check.score for check in checks)
        told = "" if status in ("partial", "failed") else f"why {status}"
        results.append(
            ExerciseResult(
                *(f"an_{status}", f"Title of {status}", score, 2 * len(checks), status, told),
                checks=tuple(checks),
                seed=17,
            )
        )
    return replace(report_of(results), language=language)


_KINDS: dict[ExerciseStatus, tuple[CheckStatus, ...]] = {
    "passed": ("passed",),
    "partial": ("passed", "failed", "timeout", "not_started", "not_reached", "skipped"),
    "failed": ("failed",),
    "missing": ("not_reached",),
    "not_attempted": ("not_started", "not_reached"),
    "error": ("passed", "failed", "not_reached"),
}


def a_fault(
    name: str = "a_fault", message: str = "the check is broken, not your code"
) -> ExerciseResult:
    """An exercise that the grader could not judge; what its author reads names a secret of a check's."""
    told = f'Traceback (most recent call last):\n  File "{name}.py", line 3\n    SECRET = x\nNameError: x'
    return ExerciseResult(
        *(name, f"Title of {name}", 0, 5, "fault", message), seed=17, traceback=told
    )


def with_fault(report: Report) -> Report:
    """The report with an exercise more, which could not be judged."""
    return replace(report, exercises=(*report.exercises, a_fault()))


def _one(status: CheckStatus, where: str) -> CheckResult:
    wrong = status in ("failed", "timeout")
    return CheckResult(
        name=status,
        description=f"asked {where}",
        status=status,
        points=2,
        score=2 if status == "passed" else 0,
        message="" if status == "passed" else f"message {where}",
        cause=f"cause {where}" if wrong else "",
        place=f"place {where}" if wrong else "",
    )


KOREAN = replace(
    report_of(
        [
            ExerciseResult(
                *("my_linear", "밑바닥부터 만드는 선형 층", 0, 2, "failed"),
                checks=(
                    CheckResult(
                        *("forward", "`forward(x)`는 x·w + b입니다.", "failed", 2, 0),
                        message="모양이 (5,)인데, (5, 1)이어야 합니다.",
                        cause="편향이 빠졌습니다.",
                        place="my_linear.py, 12번째 줄",
                    ),
                ),
                seed=5,
            )
        ]
    ),
    language="ko",
)


def everything_hostile(text: str) -> Report:
    """A report all of whose texts are `text`, those too that come from the grader as a rule."""
    check = CheckResult(
        *(text, text, "failed", 1, 0, text, text),
        place=text,
        pictures=(Picture("error", text, (1, 1), ((1.0,),)),),
    )
    statuses: tuple[ExerciseStatus, ...] = ("failed", "error")
    exercises = [
        ExerciseResult(
            *(text, text, 0, 1, status, text),
            violations=(Violation(1, text, text),),
            checks=(check,),
        )
        for status in statuses
    ]
    return Report(text, tuple(exercises), Environment("3.11", "2.13", ("cpu",), (), (text,)))


def hostile_fault(text: str) -> Report:
    """The same, and one more exercise, which could not be judged."""
    report = everything_hostile(text)
    fault = ExerciseResult(*(text, text, 0, 1, "fault", text), traceback=text)
    return replace(report, exercises=(*report.exercises, fault))


REPORTS = [
    *(hostile_report(share) for share in (0.0, 0.5, 1.0)),
    hostile_report(0.5, held_back=4),
    with_violation(hostile_report(), FORGED),
    plain_report([(1, 3), (3, 3), (0, 4)]),
    plain_report([(0, 0)]),
    report_of([]),
    of_every_status(),
    KOREAN,
    *(everything_hostile(text) for text in (ATTACKS[9], ATTACKS[10], ATTACKS[11], ATTACKS[-1])),
]
# which are no verdicts, and have no score
FAULTY = [
    report_of([a_fault()]),
    *(with_fault(report) for report in (plain_report([(3, 3)]), of_every_status(), KOREAN)),
    *map(hostile_fault, ATTACKS),
]
