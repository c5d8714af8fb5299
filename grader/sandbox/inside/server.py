"""The forked child: runs one submission's code and answers probes, until the trusted side ends it.

Everything here shares a process with the student's code, so nothing that it says is believed beyond "these are
the numbers that came out": no verdict is made here, and the trusted side checks every answer's form.
"""

from __future__ import annotations

import contextlib
import faulthandler
import itertools
import marshal
import os
import random
import signal
import socket
import sys
import tempfile
import traceback
import types
from base64 import b64decode
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..isolation.confinement import Confinement
from ..isolation.limits import Limits, apply_limits, die_with_parent
from ..wire.messages import READY, MessageError, pack, unpack
from ..wire.values import MAX_TEXT, decode, encode, restride
from . import file_metadata
from .autograd_trace import observe
from .device_setup import on_device
from .notebook_cells import install_inert, remember, run_cells

_MAX_REQUEST = 256 << 20
_MAX_LINES = 20


def serve(
    parent: int,
    connection: int,
    output: int,
    stack: int,
    folder: str,
    limits: Limits,
    confinement: Confinement,
) -> None:
    """Confines this process, then answers requests until the connection ends. Does not return.

    Args:
        parent: process id of the zygote.
        connection, output, stack: descriptors for answers, for what the student prints, and for the place where a
            child that hangs is.
        folder: an empty folder, the only one that the student's code should write to.
    """
    status = 1
    try:
        _settle(parent, connection, output, stack, folder, limits, confinement)
        os.write(connection, READY)
        Server(limits).run(socket.socket(fileno=connection))
        status = 0
    except Exception:
        traceback.print_exc()  # where it could not be confined, the trusted side tells why
    finally:
        os._exit(status)  # no teardown: it costs 200 ms, and runs what the student registered


def _settle(
    parent: int,
    connection: int,
    output: int,
    stack: int,
    folder: str,
    limits: Limits,
    confinement: Confinement,
) -> None:
    os.setsid()
    die_with_parent(parent)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    edges = [2, *sorted([connection, stack, *confinement.descriptors]), 1 << 16]
    for below, above in itertools.pairwise(edges):
        os.closerange(below + 1, above)
    os.chdir(folder)
    file_metadata.in_folder(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = folder
    tempfile.tempdir = None  # asked for anew, with this TMPDIR
    # written by a C signal handler, so it works inside an endless loop of torch's as well
    faulthandler.register(signal.SIGUSR1, file=stack, all_threads=False, chain=False)
    apply_limits(limits, confinement.device)
    confinement.apply(Path(folder))


class Server:
    """The student's module and the requests about it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._module: types.ModuleType | None = None
        self._tags: list[str] = []
        self._probes: dict[str, Any] = {}

    def run(self, connection: socket.socket) -> None:
        """Answers what comes until `connection` ends."""
        operations = {"load": self._load, "call": self.call}
        # written, not sent: a child that has a GPU may send nothing through a socket
        answers = open(connection.fileno(), "wb", closefd=False)  # noqa: SIM115
        while True:
            try:
                request, block, _ = unpack(partial(_read, connection), _MAX_REQUEST)
            except (EOFError, MessageError):
                return
            try:
                answer = operations[request["op"]](request, block)
            except (
                BaseException
            ) as error:  # SystemExit and KeyboardInterrupt are the student's as well
                answer = {"error": self._describe(error)}, b""
            _flush()
            if len(answer[1]) > self._limits.answer_bytes:
                answer = {"error": _plain_error("TooLarge", "the result is too large")}, b""
            answers.write(pack({"id": request["id"], **answer[0]}, answer[1]))
            answers.flush()

    def _load(self, request: dict[str, Any], block: bytes) -> tuple[dict[str, Any], bytes]:
        """Imports the student's source under the exercise's name, so that a `__main__` block does not run."""
        name, notebook = request["name"], request["notebook"]
        module = types.ModuleType(name)
        module.__file__ = request["cells"][0][0]
        self._module = sys.modules[name] = module
        self._tags = [tag for tag, _ in request["cells"]]
        install_inert()
        _reset(0)
        if notebook:
            errors = run_cells(request["cells"], module.__dict__, self._describe)
        else:
            errors = []
            [(tag, source)] = request["cells"]
            remember(tag, source)
            exec(compile(source, tag, "exec", dont_inherit=True), module.__dict__)
        names = [str(key)[:80] for key in list(module.__dict__) if not key.startswith("_")]
        return {"value": None, "names": names[:200], "errors": errors[:20]}, b""

    def call(self, request: dict[str, Any], block: bytes) -> tuple[dict[str, Any], bytes]:
        """Runs a probe on the student's module and sends back what it returns."""
        _reset(request["seed"], request["device"])
        device = request["device"]

        def leaf(tensor: Tensor, facts: dict[str, Any]) -> Tensor:
            placed = restride(tensor.to(device), facts)
            return placed.requires_grad_() if facts.get("requires_grad") else placed

        with on_device(device, self._limits):
            return self._answer(request, decode(request["arguments"], block, leaf))

    def _answer(
        self, request: dict[str, Any], arguments: dict[str, Any]
    ) -> tuple[dict[str, Any], bytes]:
        before = {key: _snapshot(value) for key, value in arguments.items()}
        run = partial(self._probe(request["code"], request["probe"]), self._module, **arguments)
        result, seen = observe(run) if request.get("trace") else (run(), [])
        tree, answer = encode(result)
        changed = [
            key for key, value in arguments.items() if not _same(before[key], _snapshot(value))
        ]
        return {"value": tree, "changed": changed, "seen": seen}, answer

    def _probe(self, code: str, name: str) -> Any:
        if code not in self._probes:
            namespace: dict[str, Any] = {
                "__name__": "probe",
                "torch": torch,
                "nn": torch.nn,
                "F": torch.nn.functional,
                "Tensor": Tensor,
            }
            exec(marshal.loads(b64decode(code)), namespace)
            self._probes[code] = namespace
        return self._probes[code][name]

    def _describe(self, error: BaseException) -> dict[str, Any]:
        """An exception as plain data: its type, its text, and the lines of the student's that it went through.

        A line is a triple: number of the cell, line, function.
        """
        with contextlib.suppress(BaseException):  # str() runs the student's code
            problem = _plain_error(type(error).__name__, str(error))
            if isinstance(error, SyntaxError) and error.filename in self._tags:
                problem["message"] = str(error.msg)[:MAX_TEXT]
                problem["lines"] = [[self._tags.index(error.filename), error.lineno or 0, ""]]
            else:
                problem["lines"] = self._lines(error)
            return problem
        return _plain_error("Exception", "its text could not be had")

    def _lines(self, error: BaseException) -> list[list[Any]]:
        lines: list[list[Any]] = []
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            if code.co_filename in self._tags:
                cell = self._tags.index(code.co_filename)
                lines.append([cell, step.tb_lineno, code.co_name[:80]])
            step = step.tb_next
        return lines[-_MAX_LINES:]


def _read(connection: socket.socket, count: int) -> bytes:
    parts = []
    while count:
        part = connection.recv(min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _reset(seed: int, device: str = "cpu") -> None:
    """Undoes what the student's code may have set for the whole process, and seeds every generator."""
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    # `torch.manual_seed` takes 2 ms for devices that are not there
    torch.default_generator.manual_seed(seed)
    if device != "cpu":
        getattr(torch, device).manual_seed_all(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


def _snapshot(value: object) -> Any:
    """The bytes of the tensors in `value`, to see afterwards whether they were changed."""
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if isinstance(value, dict):
        return [_snapshot(entry) for entry in value.values()]
    if isinstance(value, list | tuple):
        return [_snapshot(entry) for entry in value]
    return None


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, Tensor):
        return (
            isinstance(after, Tensor)
            and before.dtype == after.dtype
            and before.shape == after.shape
            and torch.equal(before, after)
        )
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_same, before, after))
    return True


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def _plain_error(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind[:80], "message": message[:MAX_TEXT], "lines": []}
