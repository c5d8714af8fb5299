"""What is told of a repository besides the commit that counts: later work, and work on other branches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ...submission.git_files import MOST_LISTED, CommitFiles
from ...submission.search import on_one_line

_LENGTH = 100  # characters of a branch's name


def commit_notes(files: CommitFiles) -> Iterator[str]:
    """Sentences on what is newer than the commit that counts, and does not count."""
    counts = f"Commit {files.commit[:12]} of {_moment(files.when)} counts."
    if newer := files.newer():
        more = "More than " if len(newer) >= MOST_LISTED else ""
        those = "commits were" if len(newer) > 1 or more else "commit was"
        last = _moment(max(each.when for each in newer))
        yield f"{more}{len(newer):,} later {those} made after the accepted time, the last one at {last}. {counts}"
    if elsewhere := files.newer_elsewhere():
        name, commit = elsewhere
        branch = f"The branch {on_one_line(name, _LENGTH)} has" if name else "Other branches have"
        yield f"{branch} newer work, of {_moment(commit.when)}, which does not count. {counts}"


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
