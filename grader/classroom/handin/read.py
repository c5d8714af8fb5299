"""From what lies on disk to what is graded: finds a submission's exercises, and reads them. Nothing is run."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from ...course.catalog import Course
from ...errors import NoCommitError, UnreadableError
from ...submission import Cell, Source, Submission
from ...submission.files import MAX_DEPTH, SKIPPED, Files, FolderFiles, ListedFiles, open_plain
from ...submission.git_files import CommitFiles, git_folder
from ...submission.submission import (
    MAX_NOTEBOOK_BYTES,
    MAX_SOURCE_BYTES,
    is_stub,
    notebook_of_bytes,
    source_of_bytes,
)
from ...submission.zip_files import MAX_ZIP_BYTES, ZipFiles
from ...text import clean
from .layouts import HandIn

_MAX_CANDIDATES = 8


@dataclass(frozen=True)
class Submitted:
    """What one student handed in, read.

    Attributes:
        sources: exercise → source; empty where there is nothing to grade, and `problem` says why.
        when: when it was handed in, where that is known; of a repository, the commit's date.
        notes: what the instructor should look at.
    """

    sources: Mapping[str, Source]
    problem: str = ""
    commit: str = ""
    when: datetime | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Of all that grading sees; empty where there is nothing to grade."""
        return digest_of(plain_sources(self.sources)) if self.sources else ""

    def submission(self, name: str, exercises: Sequence[str]) -> Submission:
        """As `grade` takes it."""
        return Submission(name, dict(self.sources), tuple(exercises))


def read_hand_in(
    handed: HandIn, course: Course, exercises: Sequence[str], until: datetime | None = None
) -> Submitted:
    """Reads what a student handed in; of a repository the last commit up to `until`.

    Whatever is wrong with it is told in the `Submitted`'s `problem`, or in that of a source.
    """
    work = Submitted({}, when=handed.when)
    try:
        with _open(handed, until) as files:
            if isinstance(files, CommitFiles):
                work = replace(work, commit=files.commit, when=files.when)
            sources, notes = _sources(files, course, exercises)
            return replace(work, sources=sources, notes=tuple(notes))
    except (UnreadableError, NoCommitError) as error:
        return replace(work, problem=clean(str(error)))


def _open(handed: HandIn, until: datetime | None) -> Files:
    if handed.files:
        return ListedFiles(handed.files)
    if handed.path.is_symlink():
        raise UnreadableError(
            f"{handed.path.name} is a symbolic link. Put the submission itself there."
        )
    if handed.path.suffix in (".py", ".ipynb"):
        return ListedFiles({handed.path.name: handed.path})
    if handed.path.is_dir():
        repository = git_folder(handed.path)
        return CommitFiles(repository, until) if repository else FolderFiles(handed.path)
    shown = handed.path.name
    return ZipFiles(open_plain(handed.path, shown), shown)


def _sources(
    files: Files, course: Course, exercises: Sequence[str]
) -> tuple[dict[str, Source], list[str]]:
    names = [name for name in files.names() if not SKIPPED & set(PurePosixPath(name).parts)]
    found = _candidates(names, exercises)
    if not found:
        zips = [name for name in names if name.endswith(".zip")]
        if len(zips) == 1 and not isinstance(files, ZipFiles):
            inner = io.BytesIO(files.read(zips[0], MAX_ZIP_BYTES))
            with ZipFiles(inner, zips[0]) as unpacked:
                return _sources(unpacked, course, exercises)
        raise UnreadableError(_nothing(names, exercises))
    sources, notes = {}, []
    for exercise, paths in found.items():
        read = [(path, _read(files, path)) for path in paths[:_MAX_CANDIDATES]]
        # a stub that was left alone beside the file that was filled in is not the answer
        own = [pair for pair in read if not is_stub(pair[1], course[exercise])] or read[:1]
        sources[exercise] = own[0][1]
        others = [path for path, source in own[1:] if source.text != own[0][1].text]
        if others:
            notes.append(
                f"{exercise}: {clean(own[0][0], 200)} was graded; there is also {clean(', '.join(others), 200)}."
            )
    return sources, notes


def _candidates(names: Sequence[str], exercises: Sequence[str]) -> dict[str, list[str]]:
    """Exercise → the files that may be it: what lies higher goes first, and a Python file before a notebook."""
    wanted = {f"{name}{suffix}": name for name in exercises for suffix in (".py", ".ipynb")}

    def order(path: str) -> tuple[int, bool, bool, str]:
        parts = path.split("/")
        in_exercises = len(parts) > 1 and parts[-2] == "exercises"
        return len(parts) - in_exercises, path.endswith(".ipynb"), in_exercises, path

    found: dict[str, list[str]] = {}
    for path in sorted(names, key=order):
        parts = path.split("/")
        if len(parts) > MAX_DEPTH + 1:
            continue
        # a browser's second download is `my_linear (1).py`
        plain = re.sub(r" ?\(\d+\)(?=\.\w+$)", "", parts[-1])
        if exercise := wanted.get(plain):
            found.setdefault(exercise, []).append(path)
    return {name: found[name] for name in exercises if name in found}


def _read(files: Files, path: str) -> Source:
    shown = clean(path, 200)
    try:
        if path.endswith(".ipynb"):
            return notebook_of_bytes(files.read(path, MAX_NOTEBOOK_BYTES), shown)
        return source_of_bytes(files.read(path, MAX_SOURCE_BYTES), shown)
    except UnreadableError as error:
        return Source(shown, problem=clean(str(error)))


def _nothing(names: Sequence[str], exercises: Sequence[str]) -> str:
    expected = exercises[0] if exercises else "NAME"
    if not names:
        return "There are no files in this submission."
    some = ", ".join(clean(name, 60) for name in names[:5]) + (" …" if len(names) > 5 else "")
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
