"""A desk that is served for a test, in a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread

from grader.classroom.desk.serving import Desk
from grader.classroom.gradebook.reader import Gradebook


@contextmanager
def desk_of(book: Gradebook, who: str = "me") -> Iterator[str]:
    """The address to open; the desk answers until the block ends."""
    desk = Desk(book, who)
    told: Queue[str] = Queue()
    thread = Thread(target=desk.serve, args=[told.put])
    thread.start()
    try:
        yield told.get(timeout=60)
    finally:
        desk.stop()
        thread.join(60)
