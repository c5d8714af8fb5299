"""What Classroom 50 collects: `result.json` (schema `classroom50/result/v1`) and the text of the release.

All four scores are whole numbers; what identifies the submission comes from the environment that Classroom 50 sets.
A report with faults has no score: Classroom 50 takes such a result, and an autograder that ends with a status other
than 0, for an error of the autograder, and counts no points.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..errors import ServiceError
from ..language import speaking
from ..report import CheckResult, ExerciseResult, Report
from ..text import clean
from .escape import MESSAGE_LENGTH, cleaned
from .github import summary
from .wording import no_score, reason

# it takes no more tests than this
MAX_TESTS = 100
# of a release's text
MAX_BODY = 100_000
_FROM_ENVIRONMENT = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "assignment_type": "ASSIGNMENT_TYPE",
    "owner": "OWNER",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
VARIABLES = tuple(_FROM_ENVIRONMENT.values())
_KINDS = ("individual", "group", "team")
_TAG_TIME = re.compile(r"submit/(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z")


def render(report: Report, environ: Mapping[str, str], now: datetime) -> str:
    """`result.json`, as its schema wants it; where there are faults, without what it wants of a score.

    Args:
        now: the time of grading, with its time zone.

    Raises:
        ServiceError: if something is missing that identifies the submission.
    """
    data = identity(environ)
    graded_at = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    tagged = _TAG_TIME.match(data["submission"])
    data |= {
        "datetime": "{}T{}:{}:{}Z".format(*tagged.groups()) if tagged else graded_at,
        "graded_at": graded_at,
    }
    with speaking(report.language):
        data |= _result(cleaned(report))
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def body(report: Report) -> str:
    """`release-body.md`: the job summary's text, shortened to what a release takes."""
    text = summary(report)
    if len(text) <= MAX_BODY:
        return text
    # at a failure's end, so that nothing is left open
    end = text.rfind("</details>\n", 0, MAX_BODY)
    cut = text[: end + len("</details>\n")] if end > 0 else ""
    return f"{cut}\nThe rest is left out here; the log of the grading has it.\n"


def identity(environ: Mapping[str, str]) -> dict[str, Any]:
    """What says whose submission to what this is.

    Raises:
        ServiceError: if something is missing or cannot be right.
    """
    values = {field: environ.get(name, "") for field, name in _FROM_ENVIRONMENT.items()}
    values["owner"] = values["owner"] or environ.get("USERNAME", "")
    missing = [name for field, name in _FROM_ENVIRONMENT.items() if not values[field]]
    if missing:
        raise ServiceError(
            f"The environment lacks {', '.join(missing)}, which Classroom 50 sets when it runs an autograder. "
            "Set them, or choose another --format."
        )
    if values["assignment_type"] not in _KINDS:
        raise ServiceError(
            f"ASSIGNMENT_TYPE is {clean(values['assignment_type'], 80)!r}; Classroom 50 knows {', '.join(_KINDS)}."
        )
    if not values["submission"].startswith("submit/"):
        raise ServiceError(
            f"SUBMISSION_TAG is {clean(values['submission'], 80)!r}; it has to begin with `submit/`."
        )
    return {"schema": "classroom50/result/v1"} | values


def _result(report: Report) -> dict[str, Any]:
    if report.faults:
        lines = [no_score(report), *(f"{each.name}: {each.message}" for each in report.faults)]
        message = clean("\n".join(lines), MESSAGE_LENGTH)
        return {"status": "error", "message": message, "tests": []}
    return {"score": report.score, "max-score": report.max_score, "tests": _tests(report)}


def _tests(report: Report) -> list[dict[str, Any]]:
    """A test a check, and one for a verdict above them; a test an exercise where there are too many."""
    tests = []
    for exercise in report.exercises:
        if reason(exercise):
            tests.append(_above_the_checks(exercise))
        tests += [_of_check(exercise, check) for check in exercise.checks]
    if len(tests) <= MAX_TESTS:
        return tests
    return [_of_exercise(exercise) for exercise in report.exercises[:MAX_TESTS]]


def _above_the_checks(exercise: ExerciseResult) -> dict[str, Any]:
    """Why the checks have no say. It is worth nothing, so that the points of the tests still sum up."""
    return {
        "test-name": clean(exercise.name, 200),
        "passed": False,
        "score": 0,
        "max-score": 0,
        "status": exercise.status,
        "message": clean(reason(exercise), MESSAGE_LENGTH),
    }


def _of_check(exercise: ExerciseResult, check: CheckResult) -> dict[str, Any]:
    return {
        "test-name": clean(f"{exercise.name}: {check.description}", 200),
        "passed": check.is_earned,
        "score": check.score,
        "max-score": check.points,
        "status": check.status,
        "message": clean(check.message, MESSAGE_LENGTH),
        "cause": clean(check.cause, MESSAGE_LENGTH),
    }


def _of_exercise(exercise: ExerciseResult) -> dict[str, Any]:
    failed = [check.description for check in exercise.checks if check.status != "passed"]
    return {
        "test-name": clean(exercise.name, 200),
        "passed": exercise.has_all_points and exercise.status == "passed",
        "score": exercise.score,
        "max-score": exercise.max_score,
        "status": exercise.status,
        "message": clean(" · ".join([reason(exercise) or exercise.message, *failed]), 2000),
    }
