"""The report as a folder that a browser opens from disk: `index.html`, its parts in `assets/`, the data in `data/`.

A page that comes from disk may not fetch files, but it may load scripts: data are scripts that hand one value to
the page, loaded when they are looked at. The page allows itself nothing else (Content-Security-Policy), and shows
text as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...errors import UnsupportedVersion
from ...report import CheckResult, ExerciseResult, Picture
from ..records import Record
from ..similarity.pairs import Finding
from . import charts
from .class_summary import LETTERS, ClassSummary, Mistake, Shared, StudentSummary
from .exports import stamp
from .item_analysis import Item, check_items, distribution, exercise_items
from .templating import asset, environment

SHARD = 50  # students in a file
FIRST = 3  # students who are named where all are a click away
MOST_SHARED = 50  # troubles, and remarks, in the overview
MOST_MISTAKES = 500  # rows on the page; the table in tables/ has them all
SCRIPTS = ("app.js", "tables.js", "student.js", "pair.js")
KINDS = {
    "cause": "named cause",
    "forbidden": "not allowed here",
    "not loaded": "cannot be loaded",
    "timeout": "out of time",
    "no cause named": "no cause named",
}


class WebPage:
    """The page of a class, written as its records come; `close` writes what needs them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shard: list[Any] = []
        self._shards = 0
        for name in ("assets", "data"):
            (folder / name).mkdir()

    def add(self, record: Record, summary: ClassSummary) -> None:
        """Takes in a record that `summary` has just taken in."""
        self._shard.append(_details(record, summary))
        if len(self._shard) == SHARD:
            self._flush()

    def _flush(self) -> None:
        self._data(f"students-{self._shards}", self._shard)
        self._shard = []
        self._shards += 1

    def close(self, summary: ClassSummary, findings: Sequence[Finding] | None = None) -> Path:
        """Writes the rest; the path of the page.

        Args:
            findings: pairs that share rare code, with their texts; `None` where nobody looked for them.
        """
        if self._shard:
            self._flush()
        mistakes = summary.mistakes
        self._data("class", _catalogue(summary))
        self._data("table", [_row(line, len(summary.exercises)) for line in summary.lines])
        self._data("mistakes", [[one.text, one.students] for one in mistakes[:MOST_MISTAKES]])
        self._data("letters", [[line.exercises, line.checks] for line in summary.lines])
        for number, finding in enumerate(findings or ()):
            self._data(f"pair-{number}", finding.data())
        self._assets()
        items = check_items(summary)
        scores = distribution(summary)
        page = (
            environment()
            .get_template("index.html")
            .render(
                title=summary.title or "Class report",
                made=datetime.now(UTC),
                summary=summary,
                scores=scores,
                exercises=_ranked(exercise_items(summary)),
                checks=_ranked(items),
                without=summary.count("nothing handed in", "could not be read"),
                troubles=_shared(summary.troubles, summary),
                remarks=_shared(summary.remarks, summary),
                mistakes=[_mistake(one, summary) for one in mistakes[:MOST_MISTAKES]],
                all_mistakes=len(mistakes),
                kinds=KINDS,
                scores_chart=charts.scores(scores),
                outcomes_chart=charts.outcomes(summary),
                difficulty_chart=charts.difficulty(summary, items),
                findings=findings,
                scripts=SCRIPTS,
            )
        )
        path = self._folder / "index.html"
        path.write_text(page, encoding="utf-8")
        return path

    def _data(self, name: str, value: Any) -> None:
        path = self._folder / "data" / f"{name}.js"
        path.write_text(f'report.take("{name}", {script_json(value)});\n', encoding="ascii")

    def _assets(self) -> None:
        folder = self._folder / "assets"
        for name in (*SCRIPTS, "style.css"):
            (folder / name).write_text(asset(name), encoding="utf-8")
        (folder / "datatables.js").write_text(_datatables("dt_bundle.js"), encoding="utf-8")
        (folder / "datatables.css").write_text(_bundle("dt_bundle.css"), encoding="utf-8")


def script_json(value: Any) -> str:
    """JSON that is safe inside a script, also inline: ASCII only, and no `<`, `>` or `&`."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _bundle(name: str) -> str:
    return files("itables").joinpath("html", name).read_text(encoding="utf-8")


def _datatables(name: str) -> str:
    """DataTables as a plain script: a page from disk may not import the module that the package brings.

    Raises:
        UnsupportedVersion: if the package's bundle has another form than expected.
    """
    text = _bundle(name)
    export = re.search(r"\bexport\{([^{}]*)\};?", text)
    chosen = export and re.search(r"([\w$]+) as default\b", export[1])
    if not export or not chosen:
        raise UnsupportedVersion(
            "The installed itables brings DataTables in a form that is not known."
        )
    body = text[: export.start()] + f"window.DataTable={chosen[1]};" + text[export.end() :]
    return f'(() => {{"use strict";\n{body}\n}})();\n'


def _catalogue(summary: ClassSummary) -> dict[str, Any]:
    return {
        "exercises": summary.exercises,
        "checks": summary.checks,
        "letters": {letter: status.replace("_", " ") for status, letter in LETTERS.items()},
        "shard": SHARD,
        "students": len(summary.lines),
    }


def _row(line: StudentSummary, width: int) -> list[Any]:
    points = line.points + (-1,) * (width - len(line.points))
    return [
        *(line.name or line.id, line.id, line.login, line.section, line.score, line.max_score),
        *(stamp(line.submitted)[:16].replace("T", " "), line.late_days, line.remarks),
        *(line.state, *points),
    ]


def _details(record: Record, summary: ClassSummary) -> dict[str, Any]:
    student, report = record.student, record.report
    return {
        "name": student.name or student.id,
        "facts": [
            [word, text]
            for word, text in (
                ("identifier", student.id if student.name else ""),
                ("login", student.login),
                ("mail", student.email),
                ("section", student.section),
                ("", "" if student.on_roster else "not on the roster"),
                ("handed in", stamp(record.submitted).replace("T", " ").replace("Z", " UTC")),
                ("days late", str(record.late_days) if record.late_days else ""),
                ("commit", record.commit[:12]),
            )
            if text
        ],
        "score": [record.score, record.max_score, record.graded, record.penalty],
        "problem": record.problem,
        "notes": list(record.notes),
        "adjustments": [
            [each.exercise, each.points, each.who, stamp(each.when)[:10], each.why]
            for each in record.adjustments
        ],
        "exercises": [_exercise(each, summary) for each in report.exercises] if report else [],
    }


def _exercise(result: ExerciseResult, summary: ClassSummary) -> list[Any]:
    number = summary.exercise_number(result)
    return [
        *(number, LETTERS[result.status], result.score, result.max_score),
        result.explanation,
        [[each.line, each.message] for each in result.violations],
        [_check(number, check, summary) for check in result.checks],
        list(result.remarks),
    ]


def _check(exercise: int, check: CheckResult, summary: ClassSummary) -> int | list[Any]:
    """A passed check is its number alone: most are."""
    number = summary.check_number(exercise, check)
    if check.is_earned:
        return number
    cases = [
        " ".join(part for part in (case.device, case.dtype) if part)
        for case in check.cases
        if case.status not in ("passed", check.status)
    ]
    pictures = [drawn(picture) for picture in check.pictures]
    entry = [number, LETTERS[check.status], check.score, check.message, check.cause]
    entry += [check.place, cases, pictures]
    while entry[-1] in ("", []):
        entry.pop()
    return entry


def drawn(picture: Picture) -> list[Any]:
    """A picture in few characters: kind, title, shape, and numbers from −99 to 99, of the largest in size."""
    numbers = [value for row in picture.rows for value in row if value is not None]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if picture.kind == "error":
        low, high = 0.0, max(abs(low), abs(high))
    scale = 99 / (high - low or 1.0)
    rows = [
        [None if value is None else round((value - low) * scale) for value in row]
        for row in picture.rows
    ]
    return [picture.kind, picture.title, list(picture.shape), rows]


def _ranked(items: Sequence[Item]) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "tried": item.tried,
            "passed": item.passed,
            "rate": item.rate,
            "mean": item.mean,
            "discrimination": item.discrimination,
        }
        for number, item in enumerate(items)
    ]


def _mistake(mistake: Mistake, summary: ClassSummary) -> dict[str, Any]:
    return {
        "kind": mistake.kind,
        "text": mistake.text,
        "exercise": summary.exercises[mistake.exercise].name,
        "checks": [summary.checks[number].name for number in sorted(mistake.checks)],
        "count": len(mistake.students),
        "first": _first(mistake.students, summary),
    }


def _first(students: Sequence[int], summary: ClassSummary) -> list[tuple[int, str]]:
    """Some of the students, with the numbers that their pages are found by."""
    return [
        (number, summary.lines[number].name or summary.lines[number].id)
        for number in students[:FIRST]
    ]


def _shared(several: Sequence[Shared], summary: ClassSummary) -> list[dict[str, Any]]:
    return [
        {"text": one.text, "count": len(one.students), "first": _first(one.students, summary)}
        for one in several[:MOST_SHARED]
    ]
