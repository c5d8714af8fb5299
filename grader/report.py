"""What grading yields: one immutable `Report`, which every output is a function of.

exercise                                     check
├── passed         all points                ├── passed        every case passed: the points are earned
├── partial        some points               ├── failed        a wrong result, or the student's code raised
├── failed         tried, no points          ├── timeout       did not answer within its time
├── not_attempted  still the stub            ├── not_started   NotImplementedError: not written yet
├── missing        no such file              ├── not_reached   something that it needs is not right yet
├── error          the file cannot be        └── skipped       cannot run on this machine, and says why
│                  loaded
└── fault          the grader or the course is at fault, never the student: there is no verdict, and no check

What a status means for whoever reads it is said here and nowhere else:

exercise         was_attempted  could_be_graded    check          was_tried  went_wrong  is_told
├── passed             x               x           ├── passed         x
├── partial            x               x           ├── failed         x          x          x
├── failed             x               x           ├── timeout        x          x          x
├── not_attempted                      x           ├── skipped                              x
├── missing                                        ├── not_started
├── error              x                           └── not_reached
└── fault              x
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from functools import lru_cache
from typing import Any, Literal

SCHEMA = 1

CheckStatus = Literal["passed", "failed", "timeout", "not_reached", "not_started", "skipped"]
ExerciseStatus = Literal[
    "passed", "partial", "failed", "missing", "not_attempted", "error", "fault"
]


@dataclass(frozen=True)
class CaseResult:
    """One device and dtype of a check; `None` where the check does not vary over it."""

    device: str | None
    dtype: str | None
    status: CheckStatus


@dataclass(frozen=True)
class Picture:
    """A few numbers that are better seen than read; `None` stands for what is no finite number.

    `error`: the error over the shape of a tensor, as a table of at most 16 by 16 blocks.
    `curves`: two rows, the student's losses and the reference's, at most 100 of each.
    """

    kind: Literal["error", "curves"]
    title: str
    shape: tuple[int, ...]
    rows: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class CheckResult:
    """One check: a sentence, whole points, and what came of it.

    `cause` is the likely mistake as a sentence, and `cause_id` the same mistake's name over a class: both are empty
    where the numbers do not give it away. `place` says where in the student's file to look. `same_as` names the check
    before it that shows the same mistake: that one is told in full. `detail` is for who asks for more. `printed` is the
    beginning of what the student's code printed meanwhile.
    """

    name: str
    description: str
    status: CheckStatus
    points: int
    score: int
    message: str = ""
    cause: str = ""
    seconds: float = 0.0
    cases: tuple[CaseResult, ...] = ()
    cause_id: str = ""
    place: str = ""
    pictures: tuple[Picture, ...] = ()
    same_as: str = ""
    detail: str = ""
    printed: str = ""

    @property
    def was_tried(self) -> bool:
        """Whether the student's code was run for it."""
        return self.status not in ("not_started", "not_reached", "skipped")

    @property
    def went_wrong(self) -> bool:
        """Whether the student's code is not right."""
        return self.was_tried and self.status != "passed"

    @property
    def is_told(self) -> bool:
        """Whether a student reads its message; the other messages only say what the status says."""
        return self.went_wrong or self.status == "skipped"

    @property
    def is_earned(self) -> bool:
        """Whether it passed and gives its points."""
        return self.status == "passed" and self.score == self.points


@dataclass(frozen=True)
class Difference:
    """Where a result first differs from the reference, in words: what, in which aspect, what came back, what should."""

    what: str
    aspect: str
    received: str
    expected: str


@dataclass(frozen=True)
class CallInput:
    """An input of a call: `value` is Python that makes it, empty where it is large; `form` tells dtypes and shapes."""

    name: str
    value: str
    form: str


@dataclass(frozen=True)
class FailedCall:
    """What a check had asked where it went wrong, for who explains it; it lies beside a report, and is no part of one.

    Attributes:
        expression: the call, as Python.
        probe: the definition of the function that it calls; empty where it calls the student's code itself.
        script: lines that repeat it, where the student's file is; for large inputs, `...` stands in them.
        runs: whether it has all inputs, so that it can be run as it is.
        device: where it ran.
        difference: `None` where no result was held against a reference: the code raised, or does not do what is asked.
    """

    expression: str
    probe: str
    script: str
    runs: bool
    device: str
    inputs: tuple[CallInput, ...] = ()
    difference: Difference | None = None


@dataclass(frozen=True)
class Violation:
    """Something that the exercise forbids, and that was seen to run; it cost the points of `checks`.

    `line` is where that is, or where the function begins that did it.
    """

    line: int
    rule: str
    message: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise of a submission. The same `seed` and source give the same result again.

    `held_back` counts the points of checks that did not run here, because only the instructor runs them; they are
    not part of `max_score`. `remarks` are for the instructor: what to look at in the source, which costs no point.
    `notes` are for the student, and cost none either: which line of the file was passed over, which file was graded.
    Where the status is `fault` there is no check, and the `score` of 0 stands for nothing; `traceback` is for whoever
    can mend the check or the grader.
    """

    name: str
    title: str
    score: int
    max_score: int
    status: ExerciseStatus
    message: str = ""
    violations: tuple[Violation, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    seed: int = 0
    held_back: int = 0
    remarks: tuple[str, ...] = ()
    traceback: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether there is no verdict, because the grader or the course failed."""
        return self.status == "fault"

    @property
    def has_all_points(self) -> bool:
        """Whether there is a verdict, and nothing is wrong."""
        nothing_wrong = self.status not in ("error", "fault") and not self.violations
        return nothing_wrong and self.score == self.max_score

    @property
    def was_attempted(self) -> bool:
        """Whether there is work of the student's: without it, the checks have nothing to say."""
        return self.status not in ("missing", "not_attempted")

    @property
    def could_be_graded(self) -> bool:
        """Whether the points say something of the student."""
        return self.status not in ("missing", "error", "fault")

    @property
    def explanation(self) -> str:
        """The message, where it says more than that all points were earned, and the notes."""
        return "\n".join(
            filter(None, ["" if self.status == "passed" else self.message, *self.notes])
        )


@dataclass(frozen=True)
class Environment:
    """What graded, and where.

    Attributes:
        devices: those that were there; `absent` says of others that were wanted why they were not.
        isolation: the layers around the student's code that were seen to hold.
        grader: its version; empty in reports of graders that did not tell theirs.
    """

    python: str
    torch: str
    devices: tuple[str, ...]
    isolation: tuple[str, ...]
    absent: tuple[str, ...] = ()
    grader: str = ""


@dataclass(frozen=True)
class Report:
    """Everything that is known of one submission. Its texts are in `language`, in which it was graded.

    With `faults` in it, it is no verdict: its score is not to be stored or shown as one, and its data has none.
    """

    submission: str
    exercises: tuple[ExerciseResult, ...]
    environment: Environment
    schema: int = field(default=SCHEMA)
    language: str = "en"

    @property
    def score(self) -> int:
        """Points earned."""
        return sum(exercise.score for exercise in self.exercises)

    @property
    def max_score(self) -> int:
        """Points that could be earned here."""
        return sum(exercise.max_score for exercise in self.exercises)

    @property
    def held_back(self) -> int:
        """Points of checks that only the instructor runs."""
        return sum(exercise.held_back for exercise in self.exercises)

    @property
    def faults(self) -> tuple[ExerciseResult, ...]:
        """The exercises that could not be judged, through no fault of the student."""
        return tuple(exercise for exercise in self.exercises if exercise.is_fault)

    @property
    def has_all_points(self) -> bool:
        """Whether every exercise has."""
        return all(exercise.has_all_points for exercise in self.exercises)

    @property
    def is_untouched(self) -> bool:
        """Whether every exercise is as it was given out."""
        return {exercise.status for exercise in self.exercises} == {"not_attempted"}

    @property
    def checks(self) -> Iterator[CheckResult]:
        """The checks of all exercises, in their order."""
        return (check for exercise in self.exercises for check in exercise.checks)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, as `grader/report.schema.json` describes it."""
        return {
            "schema": self.schema,
            "language": self.language,
            "submission": self.submission,
            "score": None if self.faults else self.score,
            "max_score": self.max_score,
            "exercises": [_exercise_data(exercise) for exercise in self.exercises],
            "environment": _plain(self.environment),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """The inverse of `to_dict`.

        Raises:
            ValueError: if the data is of another schema version.
        """
        if data.get("schema") != SCHEMA:
            raise ValueError(
                f"This report has schema {data.get('schema')!r}; this grader reads {SCHEMA}."
            )
        environment = dict(data["environment"])
        return cls(
            submission=data["submission"],
            exercises=tuple(_exercise(entry) for entry in data["exercises"]),
            environment=Environment(
                **environment
                | {
                    key: tuple(environment.get(key, ()))
                    for key in ("devices", "isolation", "absent")
                }
            ),
            language=data.get("language", "en"),
        )


def _plain(value: Any) -> Any:
    """Dataclasses become dicts and tuples lists, so that the data equals what JSON gives back."""
    if is_dataclass(value):
        return {key: _plain(entry) for key, entry in vars(value).items()}
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _exercise_data(exercise: ExerciseResult) -> Any:
    return _plain(exercise) | ({"score": None} if exercise.is_fault else {})


def _exercise(data: Mapping[str, Any]) -> ExerciseResult:
    return ExerciseResult(
        **dict(data)
        | {
            "score": data["score"] or 0,
            "violations": tuple(map(_broken, data["violations"])),
            "remarks": tuple(data.get("remarks", ())),
            "notes": tuple(data.get("notes", ())),
            "checks": tuple(_check(entry) for entry in data["checks"]),
        }
    )


def _broken(data: Mapping[str, Any]) -> Violation:
    return Violation(**dict(data) | {"checks": tuple(data.get("checks", ()))})


def _check(data: Mapping[str, Any]) -> CheckResult:
    return CheckResult(
        **dict(data)
        | {
            "cases": tuple(_case(**entry) for entry in data["cases"]),
            "pictures": tuple(_picture(entry) for entry in data.get("pictures", ())),
        }
    )


# a report of all exercises has hundreds, and few that differ
_case = lru_cache(256)(CaseResult)


def _picture(data: Mapping[str, Any]) -> Picture:
    rows = tuple(tuple(row) for row in data["rows"])
    return Picture(data["kind"], data["title"], tuple(data["shape"]), rows)
