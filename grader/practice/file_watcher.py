"""The files of a workspace as they are saved, however the editor saves them.

Only names are told, never what happened to them: writing in place, writing beside and renaming, and deleting and making
anew look different and mean the same. Once a second the files are looked at as well, for what the system did not tell:
network drives, and what was saved while this was starting.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import watchfiles

from ..submission.search import SUFFIXES, exercise_of, nearly_exercise_of
from .events import Events, Lost, Saved

_STEP_MS = 10  # how long it must be quiet before a change is told
_DEBOUNCE_MS = 100  # and how long it may at most be told late
_LOOK_MS = 1000


class Saves:
    """Puts a `Saved` into the queue when files change, while it is entered. A context manager.

    Args:
        folder: looked at with its `exercises/`, if that is there, and no deeper: a virtual environment beside the
            exercises costs nothing.
        names: the exercises.
    """

    def __init__(self, folder: Path, names: Sequence[str], events: Events) -> None:
        self._folder = folder
        self._names = frozenset(names)
        self._events = events
        self._seen = dict(self._look())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        folders = [path for path in (self._folder, self._folder / "exercises") if path.is_dir()]
        try:
            for changes in watchfiles.watch(
                *folders,
                watch_filter=None,
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                rust_timeout=_LOOK_MS,
                yield_on_timeout=True,
                stop_event=self._stop,
                recursive=False,
                raise_interrupt=False,
            ):
                now = dict(self._look())
                paths = {Path(path) for _, path in changes}
                paths |= {path for path, _ in now.items() ^ self._seen.items()}
                self._seen = now
                found = (
                    exercise_of(path.name, self._names)
                    or nearly_exercise_of(path.name, self._names)
                    for path in paths
                )
                if names := frozenset(name for name in found if name):
                    self._events.put(Saved(names))
        except (OSError, RuntimeError) as error:  # what watchfiles raises when it cannot look
            self._events.put(Lost(str(error)))

    def _look(self) -> Iterator[tuple[Path, tuple[int, int, int]]]:
        """Each exercise's files, with what changes when they are saved."""
        for folder in (self._folder, self._folder / "exercises"):
            for name in self._names:
                for suffix in SUFFIXES:
                    path = folder / f"{name}{suffix}"
                    with suppress(OSError):
                        facts = path.lstat()
                        yield path, (facts.st_ino, facts.st_mtime_ns, facts.st_size)
