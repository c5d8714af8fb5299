"""A class made up from a model of abilities: students whose results are known to the tests in every detail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from grader import load_course
from grader.classroom.records import Adjustment, Enrolled, FileText, HandedIn, Record
from grader.classroom.report.class_summary import ClassSummary
from grader.classroom.sanitize import shown
from grader.report import (
    CaseResult,
    CheckResult,
    Environment,
    ExerciseResult,
    Picture,
    Report,
    Violation,
)

HERE = Environment("3.11.7", "2.13.0", ("cpu",), ("separate process", "files hidden"))
FIRST = [
    "Ada",
    "Grace",
    "Alan",
    "Barbara",
    "Edsger",
    "Katherine",
    "Donald",
    "Frances",
    "Claude",
    "Radia",
    "Min-jun",
    "Søren",
    "Zoë",
]
LAST = [
    "Lovelace",
    "Hopper",
    "Turing",
    "Liskov",
    "Dijkstra",
    "Johnson",
    "Knuth",
    "Allen",
    "Shannon",
    "Perlman",
    "Kim",
    "Ørsted",
]
NAMES = load_course().names
CHECKS = (
    ("shapes", 1),
    ("forward", 2),
    ("backward", 3),
    ("step", 2),
    ("one_sample", 1),
    ("empty", 1),
)
CAUSES = (
    "It is exactly m = {m} times too large: the mean needs a division by m.",
    "It is the negative of what was expected.",
    "The old gradients are added to the new ones: call `optimizer.zero_grad()` before `loss.backward()`.",
    "",
)
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def made_class(size: int, *, seed: int = 1, exercises: int = 18) -> Iterator[Record]:
    """`size` students, lazily; every seventh is late, every eleventh handed nothing in."""
    for number in range(size):
        yield made_record(number, Random(seed * 1_000_003 + number), exercises)


def made_record(number: int, random: Random, exercises: int) -> Record:
    name = f"{random.choice(FIRST)} {random.choice(LAST)}"
    login = f"{name.split()[0].lower().replace('ø', 'o').replace('ë', 'e')}{number}"
    student = Enrolled(
        id=f"{20260000 + number}",
        name=name,
        email=f"{login}@example.edu",
        section=f"Lab {number % 4 + 1}",
        login=login,
        on_roster=number % 97 != 96,
    )
    possible = exercises * sum(points for _, points in CHECKS)
    if number % 11 == 10:
        return Record(student, None, possible, problem="Nothing was handed in.")
    ability = random.gauss(0, 1)
    report = Report(
        submission=f"submissions/{login}",
        exercises=tuple(_exercise(place, ability, random) for place in range(exercises)),
        environment=HERE,
    )
    late = 2 if number % 7 == 6 else 0
    adjusted = (Adjustment("line_fit", 2, "Prof. Curie", START, "The statement was unclear."),)
    return Record(
        student,
        report,
        possible,
        submitted=START + timedelta(minutes=random.randrange(20_000)),
        commit=f"{random.getrandbits(160):040x}",
        digest=f"{random.getrandbits(256):064x}",
        late_days=late,
        penalty=late * 3,
        adjustments=adjusted if number % 13 == 12 else (),
        notes=("The workflow file differs from the template's.",) if number % 17 == 16 else (),
    )


def code_of(name: str, lines: int = 40) -> str:
    """A file of so many lines, every one a text of its own."""
    return "".join(f"value_{at} = {name!r}  # line {at}\n" for at in range(1, lines + 1))


def with_code(record: Record, earlier: int = 1) -> Record:
    """The record with the texts of its exercises, and with those of earlier hand-ins, each of which lacks lines."""
    if record.report is None:
        return record
    texts = {each.name: code_of(each.name) for each in record.report.exercises}
    when = record.submitted or START

    def handed(texts: dict[str, str], ago: int) -> HandedIn:
        files = {
            name: FileText(f"{name}.py", ((f"{name}.py", text),)) for name, text in texts.items()
        }
        return HandedIn(when - timedelta(hours=ago), "c0ffee", not ago, 3, record.max_score, files)

    shorter = (
        {name: text.replace(f" {number}\n", " was\n") for name, text in texts.items()}
        for number in range(1, earlier + 1)
    )
    older = (handed(text, ago) for ago, text in enumerate(shorter, 1))
    return replace(record, hand_ins=(handed(texts, 0), *older))


def _exercise(place: int, ability: float, random: Random) -> ExerciseResult:
    name = NAMES[place % len(NAMES)]
    title = name.replace("_", " ").capitalize()
    possible = sum(points for _, points in CHECKS)
    drawn = random.random()
    if drawn < 0.03:
        return ExerciseResult(name, title, 0, possible, "missing", f"There is no {name}.py.")
    if drawn < 0.05:
        told = f"{name}.py, line {random.randrange(90)}: SyntaxError: expected ':'"
        checks = tuple(_check(name, at, "not_reached", random) for at in range(len(CHECKS)))
        return ExerciseResult(name, title, 0, possible, "error", told, checks=checks)
    if drawn < 0.08:
        return ExerciseResult(name, title, 0, possible, "not_attempted", "This is still the stub.")
    # later exercises are harder; the last check of each is a matter of luck
    statuses = [
        "passed"
        if (
            random.random() < 0.7
            if at == 5
            else ability + random.gauss(0, 0.7) > place / 6 - 2 + at / 4
        )
        else "failed"
        for at in range(len(CHECKS))
    ]
    if drawn > 0.99:
        statuses[3] = "timeout"
    checks = tuple(_check(name, at, status, random) for at, status in enumerate(statuses))
    score = sum(check.score for check in checks)
    forbidden = Violation(12, "autograd", "`loss.backward()` is what you are to write by hand.")
    return ExerciseResult(
        *(name, title, score, possible),
        "passed" if score == possible else "partial" if score else "failed",
        violations=(forbidden,) if 0.08 <= drawn < 0.1 else (),
        checks=checks,
        seed=random.getrandbits(40),
    )


def _check(exercise: str, at: int, status: str, random: Random) -> CheckResult:
    name, points = CHECKS[at]
    failed = status in ("failed", "timeout")
    told = (
        f'grads["dw"] at (0, {at}) is {random.random():.6f}, expected {random.random():.6f} (3 of 3 elements differ; '
        "allowed: 3e-06). Received [[0.3001], [0.844], [-0.07058]], expected [[0.06003], [0.1688], [-0.01412]]."
    )
    cause = CAUSES[at % len(CAUSES)].format(m=random.randrange(3, 9))
    return CheckResult(
        name,
        f"`{name}` gives what autograd gives, for any number of samples.",
        status,  # type: ignore[arg-type]
        points,
        points if status == "passed" else 0,
        message=told
        if failed
        else "The file could not be loaded."
        if status == "not_reached"
        else "",
        cause=cause if status == "failed" else "",
        place=f"{exercise}.py, line {at * 5 + 3}" if status == "failed" else "",
        seconds=round(random.random(), 4),
        pictures=PICTURES.get(name, ()) if status == "failed" else (),
        cases=tuple(CaseResult("cpu", dtype, status) for dtype in ("float32", "float64")),  # type: ignore[arg-type]
    )


PICTURES = {
    "backward": (Picture("error", "dw", (3, 2), ((0.1, -0.5), (None, 0.0), (1.0, 2.0))),),
    "step": (Picture("curves", "the losses", (3,), ((3.0, 2.0, 1.5), (3.0, 1.0, 0.5))),),
}
HOSTILE = (
    '<img src=x onerror="window.obeyed=1">&amp;',
    "</script><script>window.obeyed=1</script>",
    '"><svg onload=window.obeyed=1>',
    "{{ 7 * 7 }}${7*7}",
    "[a](javascript:window.obeyed=1) ![b](http://127.0.0.1/b.png) <b>`c`</b>",
    "\u202egnp.exe\u2028\u2029\x00\x1b[31m",
    '=HYPERLINK("http://127.0.0.1/","x")',
    "../../../etc/passwd",
    "..\\CON",
    "\udc80\ud800 lone",
    "```\n# heading\n~~~",
    "x" * 5000,
)


def hostile_class() -> Iterator[Record]:
    """Students with names, identifiers and output that a page, a spreadsheet, a shell or a file system might obey."""
    for number, text in enumerate(HOSTILE):
        checks = tuple(
            CheckResult(
                *(name, f"{name} is right.", "failed", points, 0),
                message=f"{text} at `{text}`",
                cause=text if at == 0 else "",
            )
            for at, (name, points) in enumerate(CHECKS)
        )
        exercise = ExerciseResult(
            *(NAMES[0], "Abstract loop", 0, 10, "failed"),
            message=text,
            violations=(Violation(1, text, text),),
            checks=checks,
            remarks=(text,),
        )
        yield Record(
            Enrolled(text, text, text, text, text),
            Report(text, (exercise,), HERE),
            10,
            problem=text,
            adjustments=(Adjustment(text, number, text, START, text),),
            notes=(text,),
        )


def not_graded(who: str, problem: str = "The check test_x of one failed: NameError: x") -> Record:
    """A student whom the grader or the course failed."""
    by_hand = (Adjustment("", 2, "Prof. Curie", START, "kind"),)
    waiting = Record(Enrolled(who), None, 4, problem, adjustments=by_hand)
    return replace(waiting, absence="not graded")


def summed(records: Iterable[Record]) -> ClassSummary:
    """The summary of a class."""
    summary = ClassSummary("class")
    for record in records:
        summary.add(shown(record))
    return summary


def with_statuses(*statuses: str, who: str = "a", cause: str = "") -> Record:
    """A student with one exercise, whose checks of two points each came out like this."""
    checks = tuple(
        CheckResult(
            *(f"check{at}", "is right", status, 2, 2 if status == "passed" else 0),  # type: ignore[arg-type]
            cause=cause if status == "failed" else "",
        )
        for at, status in enumerate(statuses)
    )
    score, possible = sum(check.score for check in checks), 2 * len(checks)
    status = "passed" if score == possible else "partial" if score else "failed"
    exercise = ExerciseResult("one", "One", score, possible, status, checks=checks)  # type: ignore[arg-type]
    return Record(Enrolled(who), Report(who, (exercise,), HERE), possible)
