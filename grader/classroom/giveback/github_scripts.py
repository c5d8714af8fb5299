"""An issue, or a commit status, for each student's repository at GitHub: as files, and a script to review and to start.

Nothing is sent here. The script runs GitHub's own `gh`, says what it would do, and does it with `--send`. What students
chose (names, titles, texts) stands in files that the script hands to `gh` and never in the script; repositories,
commits and file names are held to their forms here and in the script again. It passes over what is not private, and run
twice it writes an issue anew rather than a second one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from ...errors import GiveBackError
from ..records import Enrolled, Record
from ..report.feedback import markdown
from ..report.file_names import slug
from .names_on_disk import REPOSITORY
from .recipients import Handover

NO_REPOSITORY = "no repository is known; --submissions with the clones tells it, or --repository how they are called"
ABOUT = (
    "repositories.tsv   which repository gets which file, and the commit that was graded\n"
    "issues/            the text for each; look at some\n"
    "send.sh            bash send.sh issues            says what it would do\n"
    "                   bash send.sh issues --send     opens an issue in each repository, or writes ours anew\n"
    "                   bash send.sh statuses --send   sets the status of the commit that was graded\n"
    "It needs `gh`, logged in. Nothing has been sent."
)
MOST = 60_000  # GitHub takes 65,536 characters
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")
_FENCE = re.compile(r"^\s*`{3,}")
_CODE = re.compile(r"(`[^`\n]+`)")
_MENTION = re.compile(r"@(?=\w)")


def write_github(
    records: Iterable[Record], title: str, folder: Path, repositories: Mapping[str, str]
) -> Handover:
    """Writes the texts, the table of repositories, and the script.

    Args:
        repositories: student → `owner/name`.

    Raises:
        GiveBackError: if two students have the same repository.
        OSError: if it cannot be written.
    """
    handover = Handover()
    taken: dict[str, str] = {}
    (folder / "issues").mkdir()
    with (folder / "repositories.tsv").open("w", encoding="ascii", newline="\n") as table:
        for student, record in handover.of(records):
            repository = repositories.get(student, "")
            if not REPOSITORY.fullmatch(repository):
                handover.leave_out(student, NO_REPOSITORY)
                continue
            other = taken.setdefault(repository.casefold(), student)
            if other != student:
                raise GiveBackError(
                    f"{student} and {other} have the same repository, {repository}. Mend the folder of clones."
                )
            name = slug(student)
            text = issue_text(record, title)
            (folder / "issues" / f"{name}.md").write_text(text, encoding="utf-8", errors="replace")
            table.write("\t".join([repository, f"issues/{name}.md", *_status(record)]) + "\n")
            handover.given += 1
    (folder / "title.txt").write_text(" ".join(title.split())[:200] + "\n", encoding="utf-8")
    script = files(__package__).joinpath("send.sh").read_text(encoding="utf-8")
    (folder / "send.sh").write_text(script, encoding="utf-8")
    return handover


def _status(record: Record) -> tuple[str, str, str]:
    """The commit, its state, and the points; `-` for a commit that is not known."""
    commit = record.commit if _COMMIT.fullmatch(record.commit) else "-"
    score = record.score or 0
    state = "success" if score >= record.max_score else "failure"
    return commit, state, f"{score} of {record.max_score} points"


def issue_text(record: Record, title: str) -> str:
    """The feedback as GitHub's Markdown, which mentions nobody; cut where GitHub takes no more."""
    lines, size, fence = [], 0, ""
    for line in markdown(record, title).split("\n"):
        if mark := _FENCE.match(line):
            inside = mark[0].strip()
            if not fence:
                fence = inside
            elif line.strip() == fence:
                fence = ""
        elif not fence:
            line = _without_mentions(line)
        size += len(line.encode("utf-8", "replace")) + 1
        if size > MOST:
            lines += [fence] if fence else []
            lines.append("\n…")
            break
        lines.append(line)
    return "\n".join(lines)


def _without_mentions(line: str) -> str:
    """A name that does not stand in one piece with the @ is told nothing."""
    pieces = _CODE.split(line)
    return "".join(
        piece if place % 2 else _MENTION.sub("<span>@</span>", piece)
        for place, piece in enumerate(pieces)
    )


def repositories_by(pattern: str, students: Iterable[Enrolled]) -> dict[str, str]:
    """Student → repository, where all are called alike.

    Args:
        pattern: such as `my-course/lab1-{login}`; `{id}` stands for the identifier.

    Raises:
        GiveBackError: if it is no such pattern.
    """
    if not re.search(r"\{(login|id)\}", pattern) or not REPOSITORY.fullmatch(
        pattern.replace("{login}", "x").replace("{id}", "x")
    ):
        raise GiveBackError(
            f"{pattern!r} does not say how repositories are called. Write it as my-course/lab1-{{login}}."
        )
    found = {}
    for student in students:
        login = student.login or student.id
        named = {"{login}": login, "{id}": student.id}
        if all(_LOGIN.fullmatch(value) for key, value in named.items() if key in pattern):
            found[student.id] = pattern.replace("{login}", login).replace("{id}", student.id)
    return found
