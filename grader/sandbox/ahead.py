"""Children that are started ahead: forked, confined, their device at work, they wait until one is opened.

    zygote ──fork──▶ starting ──READY──▶ waiting ──taken──▶ at work
                        │                   │
                        └─── ended ─────────┴──▶ another is started in its place

While one is at work, the next one starts. What that takes is nobody's time but the machine's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from ..errors import SandboxLost
from .child import Child
from .ends import Ends
from .private_folder import OneChildsFolder, PrivateFolder

_START_SECONDS = 120.0  # for a device's libraries, from a cold disk
_MOST = 4  # more would not be used up by one who grades
_CONTEXT_BYTES = 512 << 20  # of a GPU's memory, for each process that has started CUDA


def how_many_wait(cores: int, workers: int, fraction: float, gpu_bytes: int | None) -> int:
    """How many children each worker has waiting, for all of them together to fit.

    A start keeps a core busy for a second or so, about as long as a child is at work.

    Args:
        cores: of this machine.
        workers: how many grade on it at once.
        fraction: the share of a GPU's memory that a child may take.
        gpu_bytes: the memory of the GPU; `None` where it is not known.
    """
    by_cores = max(1, min(_MOST, cores // workers))
    if gpu_bytes is None:
        return 1
    # hardly any submission takes what it may, so half of the memory is there for contexts in any case
    left = gpu_bytes * max(1 - fraction * workers, 0.5) / workers
    at_work = 2  # the child that was taken, and the worker itself, which works out references
    return max(0, min(by_cores, int(left // _CONTEXT_BYTES) - at_work))


class Ahead:
    """The children of one sandbox that start or wait.

    Args:
        most: how many are to wait.
        folder: where each has a folder of its own.
        send: asks the zygote for a child with these modules imported, and does not wait for its answer.
        forked: reads the answer; the child.
    """

    def __init__(
        self,
        most: int,
        folder: PrivateFolder,
        send: Callable[[Ends, Sequence[str]], None],
        forked: Callable[[Ends], Child],
    ) -> None:
        self._most = most
        self._folder = folder
        self._send = send
        self._forked = forked
        self._waiting = deque[Child]()
        self._coming: Ends | None = None
        self._preloaded: dict[str, None] = {}

    def pids(self) -> list[int]:
        """The process ids of those that wait."""
        return [child.pid for child in self._waiting]

    def collect(self) -> None:
        """Reads the zygote's answer that is still to come, if one is: to be done before it is asked anything else.

        Raises:
            SandboxLost, UnsupportedVersion: if it brings no child.
        """
        if self._coming:
            ends, self._coming = self._coming, None
            self._waiting.append(self._forked(ends))

    def start(self) -> None:
        """Has one more child start, if fewer wait than are to and none is on its way."""
        if self._coming is None and len(self._waiting) < self._most:
            self._start_one()

    def prepare(self, preload: Sequence[str]) -> None:
        """Has children start that have these modules imported; those that lack some would import them late, and end."""
        if new := [name for name in preload if name not in self._preloaded]:
            self.collect()
            self._preloaded |= dict.fromkeys(new)
            while self._waiting:
                self._waiting.popleft().close()
        self.start()

    def have_one(self) -> bool:
        """Sees to it that there is one, ready or not; whether it was started for this moment."""
        if self._waiting:
            return False
        late = self._coming is None
        if late:
            self._start_one()
        self.collect()
        return late

    def try_first(self) -> None:
        """Waits until the first one is ready.

        Raises:
            SandboxLost: if it does not become so.
        """
        self.have_one()
        try:
            self._waiting[0].settle(_START_SECONDS)
        except SandboxLost:
            self._waiting.popleft()
            raise

    def take(self) -> Child:
        """One that is ready. One that did not become so, or has ended meanwhile, is passed over.

        Raises:
            SandboxLost: if one that was started for this moment does not become ready.
        """
        while True:
            late = self.have_one()
            child = self._waiting.popleft()
            try:
                child.settle(_START_SECONDS)
            except SandboxLost:
                if late:
                    raise
                continue
            if not child.has_ended:
                return child
            child.close()

    def give_up(self) -> Iterator[Callable[[], object]]:
        """What there is to end, once the zygote is not asked any more."""
        coming, self._coming = self._coming, None
        if coming:
            yield coming.close
        while self._waiting:
            yield self._waiting.popleft().close

    def _start_one(self) -> None:
        ends = Ends(OneChildsFolder(self._folder.path))
        self._send(ends, [*self._preloaded])
        self._coming = ends
