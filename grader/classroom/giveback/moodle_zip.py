"""Moodle's feedback zip: a folder for each participant, called as Moodle called it, with a page in it.

Moodle finds the participant by the number in the folder's name, and replaces a feedback file of the same name. The zip
has no grades: these go in with the grading worksheet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ..records import Enrolled, Record
from ..report.feedback import html
from .recipients import Handover

ZIP, PAGE = "feedback.zip", "feedback.html"
NO_NUMBER = "no participant's number is known; --submissions with Moodle's download tells it"
ABOUT = (
    "feedback.zip   in Moodle: the assignment, “View all submissions”, “Upload multiple feedback files in a zip”\n"
    "               (the assignment's settings have to allow “Feedback files”). Nothing has been sent.\n"
    "Grades are not in it: upload the grading worksheet that `grader report` fills."
)
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same feedback gives the same zip


def write_moodle_zip(
    records: Iterable[Record], title: str, folder: Path, names: Mapping[str, str]
) -> Handover:
    """Writes `feedback.zip`.

    Args:
        names: student → the name of the participant's folder.

    Raises:
        OSError: if it cannot be written.
    """
    handover = Handover()
    with ZipFile(folder / ZIP, "w", ZIP_DEFLATED) as archive:
        for student, record in handover.of(records):
            name = names.get(student)
            if name is None:
                handover.leave_out(student, NO_NUMBER)
                continue
            entry = ZipInfo(f"{name}/{PAGE}", _WHEN)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, html(record, title).encode("utf-8", "replace"))
            handover.given += 1
    return handover


def names_of(students: Iterable[Enrolled], has_roster: bool) -> dict[str, str]:
    """The names of participants' folders, for students whose number Moodle's grading worksheet or download told.

    With a roster, a plain number may be any number: then it has to stand in the worksheet's column "Identifier".
    """
    names = {}
    for student in students:
        if number := _number_of(student, has_roster):
            who = re.sub(r'[\x00-\x1f_/\\:*?"<>|]+', " ", student.name).strip() or "Participant"
            names[student.id] = f"{who}_{number}_assignsubmission_file_"
    return names


def _number_of(student: Enrolled, has_roster: bool) -> str:
    """The participant's number; empty where none is known for sure."""
    told = [text for column, text in student.ids if column.casefold() == "identifier"]
    for text in (student.id, *told):
        if match := re.fullmatch(r"(?:Participant|Teilnehmer/in|참가자) ?(\d{1,18})", text):
            return match[1]
    plain = told if has_roster else [*told, student.id]
    return next((text for text in plain if re.fullmatch(r"\d{1,18}", text)), "")
