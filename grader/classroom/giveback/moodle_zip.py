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
NO_NUMBER = "have no participant's number (--submissions names Moodle's download, which has them)"
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
    """The names of participants' folders, for students whose identifier is Moodle's number.

    With a roster, a plain number may be any number: only "Participant 5000", as the grading worksheet has it, is one.
    """
    names = {}
    for student in students:
        pattern = r"Participant (\d{1,18})" if has_roster else r"(?:Participant )?(\d{1,18})"
        if match := re.fullmatch(pattern, student.id):
            who = re.sub(r'[\x00-\x1f_/\\:*?"<>|]+', " ", student.name).strip() or "Participant"
            names[student.id] = f"{who}_{match[1]}_assignsubmission_file_"
    return names
