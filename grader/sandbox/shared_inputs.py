"""The tensors of a child's requests, in memory that it shares with the trusted side: what it changes there is seen.

    put ──▶ │ request 1 │ request 2 │ …                    the child's input tensors lie on it
    changed ◀── read again, and held against what was put there

No part of it is used twice, so what a student's code keeps of an input stays what it was. The trusted side writes and
reads it as a file and never maps it: whatever the child does to it, nothing can befall this process.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import sys
import tempfile

from ..errors import SandboxLost

_SEGMENT_BYTES = 16 << 20
_ALIGNMENT = 64
Place = tuple[int, int, int, int]


class SharedInputs:
    """A file without a name: of memory on Linux, elsewhere in the folder for temporary files.

    Attributes:
        descriptor: for the child, which maps it.

    Raises:
        SandboxLost: if there can be none.
    """

    def __init__(self) -> None:
        try:
            self.descriptor = _unnamed_file()
        except OSError as error:
            raise SandboxLost(f"There is no memory for the inputs of probes: {error}") from error
        self._segment = 0, 0  # where the one in use begins, and its length
        self._end = 0

    def put(self, block: bytes) -> Place:
        """Writes a request's tensors.

        Returns:
            Where they lie: the beginning and the length of the segment that the child is to map, and in it their
            beginning and length.

        Raises:
            SandboxLost: if there is no more memory.
        """
        if not block:
            return 0, 0, 0, 0
        start = -(-self._end // _ALIGNMENT) * _ALIGNMENT
        offset, length = self._segment
        if start + len(block) > offset + length:
            offset += length
            pages = -(-len(block) // mmap.ALLOCATIONGRANULARITY)
            length = max(_SEGMENT_BYTES, pages * mmap.ALLOCATIONGRANULARITY)
            self._reach(offset + length)
            self._segment, start = (offset, length), offset
        self._write(block, start)
        self._end = start + len(block)
        return offset, length, start - offset, len(block)

    def _reach(self, size: int) -> None:
        """Makes the file that long, unless it is: the child can make it longer, and nobody makes it shorter."""
        try:
            os.ftruncate(self.descriptor, size)
        except OSError as error:
            if os.fstat(self.descriptor).st_size < size:
                raise SandboxLost(f"There is no memory for a probe's inputs: {error}") from error

    def _write(self, block: bytes, start: int) -> None:
        view, written = memoryview(block), 0
        try:
            while written < len(block):
                written += os.pwrite(self.descriptor, view[written:], start + written)
        except OSError as error:
            raise SandboxLost(f"There is no memory for a probe's inputs: {error}") from error

    def read(self, place: Place) -> bytes:
        """What lies there now; shorter than it was where the child has cut the file off."""
        offset, _, start, count = place
        parts = []
        while count and (part := os.pread(self.descriptor, count, offset + start)):
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Gives the memory back, once the child has gone."""
        os.close(self.descriptor)


def _unnamed_file() -> int:
    if sys.platform == "linux":
        descriptor = os.memfd_create("inputs", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        # nobody makes it shorter, or closes it to the writing of others
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
        return descriptor
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
