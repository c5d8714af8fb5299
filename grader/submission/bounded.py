"""Text that anybody may have made is read as syntax within bounds: of size, of time, of memory.

What a person writes for an exercise is read where it is asked for. What is larger, or has lines that nobody writes, is
read in a process of its own, which the kernel and a clock hold: Python's parser takes a hundred times the memory of
the text, and how it meets every text there is nobody has proved.
"""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..errors import Fault, UnreadableError
from ..language import _
from ..text import clean

PLAIN_LENGTH = 32 << 10  # characters: ten times as much as the longest solution has
PLAIN_LINE = 2000
SECONDS = 30  # of a processor; a MiB, the most that is read of a file, takes a few
_PATIENCE = 4  # so many times as long may pass on the clock: other processes want to run as well
MEMORY_BYTES = 1 << 30
_ANSWER_BYTES = 8 << 20
_PACKAGES = Path(__file__).resolve().parents[2]  # the folder that this package lies in
_PROGRAM = "import sys; sys.path.append({folder!r}); from {module} import serve; serve({seconds}, {memory})"
# how it ends where that says nothing of the texts: an exception of ours, or a signal from others or from us
_NOT_THE_TEXTS = [
    1,
    *(-getattr(signal, name) for name in ("SIGKILL", "SIGTERM", "SIGINT") if hasattr(signal, name)),
]

P = ParamSpec("P")
T = TypeVar("T")


def bounded(
    reader: Callable[Concatenate[Sequence[str], P], T],
    texts: Sequence[str],
    *arguments: P.args,
    **options: P.kwargs,
) -> T:
    """What `reader(texts, …)` returns, in this process or in one with limits.

    Args:
        reader: a function of a module of ours that needs nothing but Python's own library; its arguments and what it
            returns are what JSON can hold (tuples may come back as lists).
        texts: what it reads.

    Raises:
        UnreadableError: if the texts are nested too deeply, or take too long or too much memory.
        Fault: if that is not what ended the process that read them.
    """
    try:
        if is_plain(texts):
            return reader(texts, *arguments, **options)
        return apart(reader, texts, *arguments, **options)
    except (RecursionError, MemoryError):
        raise UnreadableError(
            _("The code is nested too deeply to be read. Use shorter steps.")
        ) from None


def is_plain(texts: Sequence[str]) -> bool:
    """Whether the texts are small, and their lines such as a person writes."""
    if sum(map(len, texts)) > PLAIN_LENGTH:
        return False
    return all(len(line) <= PLAIN_LINE for text in texts for line in text.split("\n"))


def apart(
    reader: Callable[Concatenate[Sequence[str], P], T],
    texts: Sequence[str],
    *arguments: P.args,
    **options: P.kwargs,
) -> T:
    """What `reader(texts, …)` returns, in a process with limits; the arguments are those of `bounded`.

    Raises:
        RecursionError: if the texts are nested too deeply.
        UnreadableError: if they take too long or too much memory.
        Fault: if the process was killed by others, is at fault itself, or gets no time on this machine.
    """
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    call = [reader.__module__, reader.__qualname__, arguments, options, list(map(len, parts))]
    asked = b"".join([json.dumps(call).encode(), b"\n", *parts])
    limits = {"seconds": SECONDS, "memory": MEMORY_BYTES}
    program = _PROGRAM.format(folder=str(_PACKAGES), module=__name__, **limits)
    with subprocess.Popen(
        # neither the environment, nor the folder that it starts in, nor a package says what is imported
        [sys.executable, "-I", "-S", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            output, complaint = process.communicate(asked, _PATIENCE * SECONDS)
        except subprocess.TimeoutExpired:
            output, complaint = b"", b""
        finally:
            process.kill()
    if process.returncode == 0 and output:
        answer: T = _answer(output)
        return answer
    if process.returncode in _NOT_THE_TEXTS:
        last = " ".join(complaint.decode("utf-8", "replace").split("\n")[-3:])
        sentence = _("The grader's process that reads large texts has ended. {why}")
        raise Fault(sentence.format(why=clean(last)).strip())
    sentence = _(
        "The code cannot be read within {seconds} s and {memory} MiB. Hand in the exercise alone."
    )
    raise UnreadableError(sentence.format(seconds=SECONDS, memory=MEMORY_BYTES >> 20))


def _answer(output: bytes) -> Any:
    kind, value = json.loads(output)
    if kind == "deep":
        raise RecursionError
    return value


def serve(seconds: int, memory: int) -> None:
    """The other process: reads what is asked for, within limits, and prints what came of it."""
    limit_this_process(seconds, memory)
    try:
        answer = json.dumps(_asked())
    except (RecursionError, MemoryError):  # the parser's way to say that it is too deep
        answer = "" if _is_used_up(memory) else json.dumps(["deep", None])
    if len(answer) <= _ANSWER_BYTES:
        sys.stdout.write(answer)


def _asked() -> list[Any]:
    module, name, arguments, options, lengths = json.loads(sys.stdin.buffer.readline())
    texts = [sys.stdin.buffer.read(size).decode("utf-8", "surrogatepass") for size in lengths]
    reader = getattr(importlib.import_module(module), name)
    return ["value", reader(texts, *arguments, **options)]


def _is_used_up(memory: int) -> bool:
    """Whether this process has used more than half of the bytes that it may have."""
    with suppress(OSError), open("/proc/self/status") as status:
        # `getrusage` would count what the process had that started this one
        return any(
            int(line.split()[1]) << 10 > memory // 2 for line in status if line.startswith("VmHWM")
        )
    try:
        import resource
    except ImportError:
        return False
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit > memory // 2


def limit_this_process(seconds: int, memory: int) -> None:
    """Bounds processor time and memory of the calling process, for good; it can write no file."""
    try:
        import resource
    except ImportError:  # not a Unix: the clock of whoever waits remains
        return
    wanted = {
        "RLIMIT_AS": (memory, memory),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_CORE": (0, 0),
        # the signal beyond the lower one says why it comes; beyond the other it is `SIGKILL`
        "RLIMIT_CPU": (seconds, seconds + 1),
    }
    for name, (soft, hard) in wanted.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        with suppress(OSError, ValueError):  # macOS refuses RLIMIT_AS
            resource.setrlimit(kind, (soft, hard))
