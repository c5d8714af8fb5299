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
from ..records import Record
from ..similarity.pairs import Finding
from . import charts
from .class_summary import LETTERS, ClassSummary, Mistake, StudentSummary
from .exports import stamp
from .item_analysis import Item, check_items, distribution, exercise_items
from .overview import first_of, overview
from .student_data import code, details
from .templating import asset, environment

SHARD = 50  # students in a file
MOST_MISTAKES = 500  # rows on the page; the table in tables/ has them all
SCRIPTS = ("app.js", "tables.js", "code.js", "student.js", "print.js", "pair.js")
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
        if files := code(record, summary):
            # read when the student's page is looked at, and then alone
            self._data(f"code-{len(summary.lines) - 1}", files)
        self._shard.append(details(record, summary))
        if len(self._shard) == SHARD:
            self._flush()

    def _flush(self) -> None:
        self._data(f"students-{self._shards}", self._shard)
        self._shard = []
        self._shards += 1

    def close(
        self,
        summary: ClassSummary,
        findings: Sequence[Finding] | None = None,
        deadline: datetime | None = None,
    ) -> Path:
        """Writes the rest; the path of the page.

        Args:
            deadline: the class's.
            findings: pairs that share rare code, with their texts; `None` where nobody looked for them.
        """
        if self._shard:
            self._flush()
        mistakes = summary.mistakes
        self._data("class", _catalogue(summary))
        self._data("table", [_row(line, len(summary.exercises)) for line in summary.lines])
        self._data("mistakes", [[one.text, one.students] for one in mistakes[:MOST_MISTAKES]])
        self._data("letters", [line.checks for line in summary.lines])
        for number, finding in enumerate(findings or ()):
            self._data(f"pair-{number}", finding.data())
        self._assets()
        items = check_items(summary)
        scores = distribution(summary)
        seen = overview(summary, items, deadline)
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
                overview=seen,
                doubted={each.number: each.kind for each in seen.doubts},
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
        *(stamp(line.submitted)[:16].replace("T", " "), line.late_days, list(line.remarks)),
        *(line.state, line.exercises, int(line.on_roster), *points),
    ]


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
        "kept_back": mistake.kept_back,
        "exercise": summary.exercises[mistake.exercise].name,
        "checks": [summary.checks[number].name for number in sorted(mistake.checks)],
        "count": len(mistake.students),
        "first": first_of(mistake.students, summary),
    }
