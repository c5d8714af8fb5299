"""What one student handed in, from what lies on disk to source text and what an instructor is told. Nothing is run."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ...course.catalog import Course
from ...errors import NoCommitError, UnreadableError
from ...submission import Cell, Source, Submission
from ...submission.archives import is_archive, open_archive
from ...submission.files import Files, FolderFiles, ListedFiles, open_plain
from ...submission.git_files import CommitFiles, git_folder
from ...submission.search import (
    SUFFIXES,
    Answer,
    find_answers,
    is_looked_at,
    is_stub,
    on_one_line,
)
from ...submission.tar_files import TarFiles
from ...submission.zip_files import MAX_ZIP_BYTES, ZipFiles
from ...text import clean
from .commit_notes import commit_notes
from .hand_in import HandIn
from .oddities import Oddity, linked_folders, near_misses, oddities_of

_NO_REPOSITORY = (
    "Its `.git` is no repository that can be read: the files were taken as they lie, and it is not known when they "
    "were handed in. Clone it again."
)


@dataclass(frozen=True)
class Submitted:
    """What one student handed in, read.

    Attributes:
        sources: exercise → source; empty where there is nothing to grade, and `problem` says why.
        when: when it was handed in, where that is known; of a repository, the commit's date.
        notes: what the instructor should look at.
        oddities: what is odd about its files; it stands in the notes, too.
        untouched: whether it is a repository with nothing but what the template gave out: nothing was handed in.
        beyond: exercises of which there is work, and which are not graded.
    """

    sources: Mapping[str, Source]
    problem: str = ""
    commit: str = ""
    when: datetime | None = None
    notes: tuple[str, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    untouched: bool = False
    beyond: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Of all that grading sees; empty where there is nothing to grade."""
        return digest_of(plain_sources(self.sources)) if self.sources else ""

    def submission(self, name: str, exercises: Sequence[str]) -> Submission:
        """As `grade` takes it."""
        return Submission(name, dict(self.sources), tuple(exercises))


def read_hand_in(
    hand_in: HandIn,
    course: Course,
    exercises: Sequence[str],
    until: datetime | None = None,
    others: Sequence[str] = (),
) -> Submitted:
    """Reads what a student handed in; of a repository the last commit up to `until`.

    Whatever is wrong with it is told in the `Submitted`'s `problem`, or in that of a source.

    Args:
        others: exercises that are not graded; those of which there is work are named.
    """
    submitted = Submitted({}, when=hand_in.when, notes=hand_in.notes)
    try:
        with _open(hand_in, until) as files:
            if isinstance(files, CommitFiles):
                submitted = _of_commit(submitted, files)
            elif isinstance(files, FolderFiles) and os.path.lexists(hand_in.path / ".git"):
                submitted = replace(submitted, notes=(*submitted.notes, _NO_REPOSITORY))
            paths, answers = _answers(files, course, exercises, others)
            submitted = replace(submitted, beyond=_worked_on(others, answers, course))
            answers = {name: answer for name, answer in answers.items() if name in exercises}
            if not answers:
                raise UnreadableError(_nothing(paths, exercises))
            if isinstance(files, CommitFiles) and _are_stubs(answers, course):
                # somebody who has worked on another exercise has handed something in
                stubs = _are_stubs(find_answers(files, course, course.names), course)
                submitted = replace(submitted, untouched=stubs or submitted.untouched)
    except (UnreadableError, NoCommitError) as error:
        return replace(submitted, problem=clean(str(error)))
    oddities = [
        *oddities_of(answers, exercises),
        *near_misses(paths, answers, exercises, course.names),
        *(linked_folders(hand_in.path) if isinstance(files, FolderFiles) else ()),
    ]
    two = (_two_answers(name, found) for name, found in answers.items() if found.others)
    only = ("That commit holds only what the template gave out.",)
    template = only if submitted.untouched and submitted.notes else ()
    return replace(
        submitted,
        sources={name: answer.source for name, answer in answers.items()},
        notes=(*submitted.notes, *template, *two, *(each.text for each in oddities)),
        oddities=tuple(oddities),
    )


def _worked_on(
    exercises: Sequence[str], answers: Mapping[str, Answer], course: Course
) -> tuple[str, ...]:
    there = (name for name in exercises if name in answers)
    return tuple(name for name in there if not is_stub(answers[name].source, course[name]))


def _are_stubs(answers: Mapping[str, Answer], course: Course) -> bool:
    return all(is_stub(found.source, course[name]) for name, found in answers.items())


def _of_commit(submitted: Submitted, files: CommitFiles) -> Submitted:
    return replace(
        submitted,
        commit=files.commit,
        when=files.when,
        notes=(*submitted.notes, *commit_notes(files)),
        untouched=files.is_by_bots(),
    )


def _open(hand_in: HandIn, until: datetime | None) -> Files:
    path = hand_in.path
    if hand_in.files:
        return ListedFiles(hand_in.files)
    if path.is_symlink():
        told = f"{path.name} is a symbolic link. Put the submission itself there."
        raise UnreadableError(told, "link")
    if path.suffix in SUFFIXES:
        return ListedFiles({path.name: path})
    if path.is_dir():
        repository = git_folder(path)
        return CommitFiles(repository, until) if repository else FolderFiles(path)
    return open_archive(open_plain(path, path.name), path.name)


def _answers(
    files: Files, course: Course, exercises: Sequence[str], others: Sequence[str]
) -> tuple[list[str], dict[str, Answer]]:
    """The files that are looked at, and the answers among them, also to other exercises.

    Where there is none to `exercises`, those in the one archive among the files.
    """
    answers = find_answers(files, course, [*exercises, *others])
    names = list(filter(is_looked_at, files.names()))
    if not answers.keys().isdisjoint(exercises):
        return names, answers
    archives = [name for name in names if is_archive(name)]
    if len(archives) == 1 and not isinstance(files, ZipFiles | TarFiles):
        inner = io.BytesIO(files.read(archives[0], MAX_ZIP_BYTES))
        with open_archive(inner, archives[0]) as unpacked:
            return _answers(unpacked, course, exercises, others)
    return names, answers


def _two_answers(exercise: str, answer: Answer) -> str:
    graded, others = on_one_line(answer.path, 200), on_one_line(", ".join(answer.others), 200)
    return f"{exercise}: {graded} was graded; there is also {others}."


def _nothing(names: Sequence[str], exercises: Sequence[str]) -> str:
    expected = exercises[0] if exercises else "NAME"
    if not names:
        return "There are no files in this submission."
    some = ", ".join(on_one_line(name, 60) for name in names[:5]) + (" …" if len(names) > 5 else "")
    return f"There is no exercise to grade: expected a file such as {expected}.py or {expected}.ipynb, found {some}."


def plain_sources(sources: Mapping[str, Source]) -> dict[str, Any]:
    """Sources as plain data, as a gradebook keeps them."""
    return {
        name: {
            "filename": source.filename,
            "cells": [[cell.place, cell.text] for cell in source.cells],
            "problem": source.problem,
            "notebook": source.notebook,
        }
        for name, source in sources.items()
    }


def sources_of(data: Mapping[str, Any]) -> dict[str, Source]:
    """The inverse of `plain_sources`."""
    return {
        name: Source(
            filename=entry["filename"],
            cells=tuple(Cell(place, text) for place, text in entry["cells"]),
            problem=entry["problem"],
            notebook=entry["notebook"],
        )
        for name, entry in data.items()
    }


def digest_of(data: Any) -> str:
    """SHA-256 of plain data, the same on every machine."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def has_repository(path: Path) -> bool:
    """Whether git is needed to read what lies here."""
    return path.is_dir() and not path.is_symlink() and git_folder(path) is not None
