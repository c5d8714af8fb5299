"""Gradescope's `results.json` for each student, and an autograder that hands them out.

Gradescope takes results from an autograder alone. This one runs no student's code: it looks the student up by the mail
address in `submission_metadata.json`, and gives Gradescope the file that was made here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ...language import _, speaking
from ...outputs.gradescope_results import render
from ...report import Environment, Report
from ..records import Record
from ..report.file_names import slug
from ..report.for_student import shown_comments
from .plain_feedback import head_of
from .recipients import Handover

ABOUT = (
    "results/STUDENT/results.json   what Gradescope shows of each student\n"
    "autograder.zip                 in Gradescope: “Configure Autograder”, upload it, then “Regrade All Submissions”.\n"
    "                               It runs no student's code and finds students by their mail address.\n"
    "Nothing has been sent."
)
_WHEN = (1980, 1, 1, 0, 0, 0)
_SETUP = "#!/bin/sh\ncommand -v python3 || (apt-get update && apt-get install -y python3)\n"
_RUN = """#!/usr/bin/env python3
import hashlib, json, pathlib

folder = pathlib.Path("/autograder")
data = json.loads((folder / "submission_metadata.json").read_text(encoding="utf-8"))
found = None
for user in data.get("users", []):
    mail = str(user.get("email", "")).strip().casefold()
    file = folder / "source" / "results" / (hashlib.sha256(mail.encode()).hexdigest() + ".json")
    if found is None and mail and file.is_file():
        found = file.read_text(encoding="utf-8")
if found is None:
    found = json.dumps({"output": "There is no result of yours here. Ask your instructor.", "tests": []})
(folder / "results").mkdir(exist_ok=True)
(folder / "results" / "results.json").write_text(found, encoding="utf-8")
"""


def write_gradescope(records: Iterable[Record], title: str, folder: Path) -> Handover:
    """Writes `results/` and `autograder.zip`.

    Raises:
        OSError: if it cannot be written.
    """
    handover = Handover()
    without_mail = []
    with ZipFile(folder / "autograder.zip", "w", ZIP_DEFLATED) as archive:
        _add(archive, "setup.sh", _SETUP)
        _add(archive, "run_autograder", _RUN)
        for student, record in handover.of(records):
            text = results_json(record, title)
            place = folder / "results" / slug(student)
            place.mkdir(parents=True)
            (place / "results.json").write_text(text, encoding="utf-8")
            handover.given += 1
            if mail := record.student.email.strip().casefold():
                _add(archive, f"results/{sha256(mail.encode()).hexdigest()}.json", text)
            else:
                without_mail.append(student)
    if without_mail:
        handover.notes.append(
            "The autograder cannot find students without a mail address: "
            f"{', '.join(without_mail[:10])}{' …' if len(without_mail) > 10 else ''} ({len(without_mail)})."
        )
    return handover


def results_json(record: Record, title: str) -> str:
    """`results.json` of a student: the score that counts, and of checks that are kept back the points alone."""
    report = record.report or Report(record.student.id, (), Environment("", "", (), ()))
    report = replace(report, submission=record.student.id)
    data: dict[str, Any] = json.loads(render(report, record.kept_back))
    score = Fraction(record.score or 0)
    data["score"] = int(score) if score.denominator == 1 else float(score)
    with speaking(report.language):
        lines = [head_of(record, title), *_comments(record, report), data.get("output", "")]
    data["output"] = "\n".join(filter(None, lines))
    data["extra_data"] = {"max_score": record.max_score}
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _comments(record: Record, report: Report) -> Iterator[str]:
    """What somebody wrote about an exercise, which Gradescope has no place for beside its tests."""
    for exercise in report.exercises:
        for each in shown_comments(record, exercise.name):
            where = exercise.name
            if each.line is not None:
                where = _("{file}, line {line}").format(file=each.place, line=each.line)
            yield f"{where}: {each.text}"


def _add(archive: ZipFile, name: str, text: str) -> None:
    entry = ZipInfo(name, _WHEN)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = (0o755 if "/" not in name else 0o644) << 16
    archive.writestr(entry, text)
