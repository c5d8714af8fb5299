"""The forked child: runs one submission's code and answers probes, until the trusted side ends it.

Everything here shares a process with the student's code, so nothing that it says is believed beyond "these are
the numbers that came out": no verdict is made here, and the trusted side checks every answer's form.

What the child says of itself (what ran, where a tensor lies) can be forged by code that gets hold of what is here. So
none of it is to be found from there:

    read ─▶ _take ─▶ reset, the probe, flush ─▶ _finish ─▶ write ─▶ read …      one step after the other (`steps.py`)
            ours     the student's              ours

- Ours has returned when a student's code runs, and no student's code runs while ours does: not what it has put in
  the place of Python's and torch's functions (`concealed.py`), no profiler, tracer or signal handler, no collection of
  garbage, no method of a value that it gave back.
- Nothing leads to ours: no frame, no class with methods, no module, no list that the garbage collector keeps.
"""

from __future__ import annotations

import faulthandler
import itertools
import marshal
import os
import signal
import sys
import tempfile
import traceback
from binascii import a2b_base64
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from mmap import mmap
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..isolation.confinement import Confinement
from ..isolation.limits import Limits, apply_limits, die_with_parent
from ..wire.messages import LENGTHS, NOT_STARTED, READY, pack, parse
from ..wire.values import (
    WireError,
    decode,
    describe,
    without_dispatch,
    without_functions,
    write,
)
from . import beneath, file_metadata
from .concealed import conceal, conceal_all, keep_to_own_thread
from .manners import beside, look, rehearsal, span_of, told
from .operator_trace import keep_switched_on
from .programs import Wanted, failed_of, left_out_of, prepare
from .shown_only import Inert, install_inert
from .steps import Step, after_students, before_students, into, runner
from .told_errors import checked, plain_error
from .trace import Watched, new_trace, seen, steps_after, steps_before, words_of

_MAX_ERRORS = 20
_READ_BYTES = 1 << 16
_Base: Any = Tensor.__base__
_require = _Base.requires_grad_
# as they were before a student's code could put others in their place
_read_from, _write_to, _exit = os.read, os.write, os._exit
_program, _bytes_of = marshal.loads, a2b_base64


def serve(
    own: SimpleNamespace,
    parent: int,
    connection: int,
    output: int,
    stack: int,
    inputs: int,
    folder: str,
    limits: Limits,
    threads: bool,
    confinement: Confinement,
    start: Callable[[], bool],
) -> Step:
    """Confines this process. What comes back answers requests until the connection ends; it does not return.

    Args:
        own: what `new` made, ready before the fork.
        parent: process id of the zygote.
        connection, output, stack: descriptors for answers, for what the student prints, and for the place where a
            child that hangs is.
        inputs: descriptor of the memory that holds the tensors of requests.
        folder: an empty folder, the only one that the student's code should write to.
        threads: whether it may start threads.
        start: starts the device, where that is done ahead; whether it can be used.
    """
    try:
        _settle(parent, connection, output, stack, inputs, folder, confinement)
        apply_limits(limits, confinement.device)
        confinement.apply(Path(folder), threads=threads)
        keep_to_own_thread()
        keep_switched_on()
        names = vars(sys.modules["__main__"])
        names.clear()
        names["__name__"] = "__main__"
        own.limits, own.connection, own.inputs = limits, connection, inputs
        own.todo.extend((own.take, _read(own)))
        os.write(connection, READY if start() else NOT_STARTED)
        return own.run  # type: ignore[no-any-return]
    except BaseException:
        traceback.print_exc()  # where it could not be confined, the trusted side tells why
        os._exit(1)


def _settle(
    parent: int,
    connection: int,
    output: int,
    stack: int,
    inputs: int,
    folder: str,
    confinement: Confinement,
) -> None:
    os.setsid()
    die_with_parent(parent)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    edges = [2, *sorted([connection, stack, inputs, *confinement.descriptors]), 1 << 16]
    for below, above in itertools.pairwise(edges):
        os.closerange(below + 1, above)
    os.chdir(folder)
    file_metadata.in_folder(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = folder
    tempfile.tempdir = None  # asked for anew, with this TMPDIR
    # written by a C signal handler, so it works inside an endless loop of torch's as well
    faulthandler.register(signal.SIGUSR1, file=stack, all_threads=False, chain=False)


def new() -> SimpleNamespace:
    """What a child is to know. `todo` is the list of its next steps, the last one first; `run` goes through them."""
    own = SimpleNamespace(limits=Limits(), connection=-1, inputs=-1, number="", received=b"")
    own.todo, own.inbox, own.outcomes, own.past = [], [], [], []
    own.probes, own.maps, own.forbidden, own.tags = {}, {}, {}, []
    own.module, own.space, own.trace = None, {}, None
    own.reply = _write
    own.take, own.loaded, own.finish = (_step(each, own) for each in (_take, _loaded, _finish))
    own.send, own.told, own.map = (_step(each, own) for each in (_send, _told, _map))
    own.clear, own.run = own.past.clear, runner(own.todo)
    own.before = (conceal(vars(own)), *before_students())
    own.after = tuple(after_students())
    conceal_all([own])
    return own


def _step(function: Callable[[SimpleNamespace], None], own: SimpleNamespace) -> Step:
    return partial(_or_end, function, own)


def _or_end(function: Callable[[SimpleNamespace], None], own: SimpleNamespace) -> None:
    """A step of ours. Where it fails, this child has ended, without a word: `sys.stderr` is the student's by now."""
    try:
        function(own)
    except BaseException:
        _exit(1)  # no teardown: it costs 200 ms, and runs what the student registered


def _run(own: SimpleNamespace, steps: Sequence[Step], then: Step) -> None:
    """Has the student's side do `steps`, and `then` what is ours; what each gave or raised is in `outcomes`."""
    _put_away(own)
    student = into(own.outcomes, beneath.attempt, steps)
    own.todo.extend((then, *reversed(own.after), student, *reversed(own.before)))


def _put_away(own: SimpleNamespace) -> None:
    """Empties `outcomes`. What a student's objects do at their end, they do when `clear` runs."""
    own.past.extend(own.outcomes)
    own.outcomes.clear()


def _read(own: SimpleNamespace) -> Step:
    return into(own.inbox, partial(_read_from, own.connection), (_READ_BYTES,))


def _take(own: SimpleNamespace) -> None:
    """Reads on until a request is whole, and begins with it."""
    part = own.inbox.pop()
    if not part:
        _exit(0)
    own.received += part
    if len(own.received) >= LENGTHS.size:
        length, _ = LENGTHS.unpack_from(own.received)
        if len(own.received) == LENGTHS.size + length:
            text, own.received = own.received[LENGTHS.size :], b""
            begin(own, parse(text))
            return
    own.todo.extend((own.take, _read(own)))


def begin(own: SimpleNamespace, request: dict[str, Any]) -> None:
    """Puts the first steps of a request on the list."""
    own.number, own.loads = request.pop("id"), request["op"] == "load"
    (_load if own.loads else _call)(own, request)


def _load(own: SimpleNamespace, request: dict[str, Any]) -> None:
    """Imports the student's source under the exercise's name, so that a `__main__` block does not run."""
    name, cells, notebook = request["name"], request["cells"], request["notebook"]
    own.module = sys.modules[name] = ModuleType(name)
    own.module.__file__ = cells[0][0]
    if request["beside"]:  # last of all: what is installed comes first
        sys.path.append(request["beside"])
    own.space = vars(own.module)
    own.tags = [tag for tag, _ in cells]
    install_inert()
    if notebook:
        own.space.update((name, Inert(name)) for name in ("display", "get_ipython"))
    left_out = [(cell, line) for cell, line in request["left_out"]]
    own.loading = prepare(cells, notebook, own.space, Wanted(left_out, request["definitions"]))
    own.unread = not notebook and any(each.problem for each in own.loading)
    steps = [] if own.unread else [each.step for each in own.loading if each.step]
    _run(own, [partial(beneath.reset, 0, "cpu"), *steps, beneath.flush], own.loaded)


def _loaded(own: SimpleNamespace) -> None:
    """Answers with what the source defines, and with what failed at its top level."""
    names = [key[:80] for key in list(own.space) if type(key) is str and key[:1] != "_"]
    own.answer, own.placed = {"value": None, "names": names[:200], "errors": []}, []
    own.answer["left_out"] = left_out_of(own.loading)[:200]
    failed = failed_of(own.loading, own.outcomes[1:])[:_MAX_ERRORS]
    own.unbound = [names for _, names in failed]
    _tell(own, [error for error, _ in failed])


def _call(own: SimpleNamespace, request: dict[str, Any]) -> None:
    """Runs a probe on the student's module."""
    offset, length, start, count = request["inputs"]
    if count and offset not in own.maps:
        own.request = request
        _run(own, [partial(mmap, own.inputs, length, offset=offset)], own.map)
        return
    block = own.maps[offset][start : start + count] if count else b""
    code, device = request["code"], request["device"]
    needing: list[Tensor] = []

    def leaf(tensor: Tensor, facts: dict[str, Any]) -> Tensor:
        if facts.get("requires_grad"):
            needing.append(tensor)
            return tensor if device != "cpu" else _require(tensor)
        return tensor

    # a mode that a student's code has left on has no say
    with without_functions(), without_dispatch():
        arguments = decode(request["arguments"], block, leaf)
        kept = {
            name: beside(value) if device == "cpu" else value for name, value in arguments.items()
        }
        place = span_of(block)
    steps: dict[str, Step] = {}
    if code not in own.probes:
        programs: list[CodeType] = []
        names = {"__name__": "probe", "torch": torch, "nn": torch.nn, "F": F, "Tensor": Tensor}
        own.probes[code] = programs, names
        steps["read"] = into(programs, _program, (_bytes_of(code),))
        steps["define"] = partial(deque, map(exec, programs, (names,)), 0)
    own.programs, names = own.probes[code]
    seed, results = request["seed"], list[Any]()
    call = partial(beneath.call, names, request["probe"], own.module, results)
    default = request.get("default", "float32")
    own.trace = trace = new_trace(request["trace"], own.forbidden) if request.get("trace") else None
    own.words = words_of(arguments)
    if trace:  # from the rehearsal on: what it works out may be remembered
        steps |= steps_before(trace)
    looks = look(seed, default, arguments, needing) if device == "cpu" else {}
    if device == "cpu" and request.get("rehearsal"):
        given = seed, default, arguments, kept, needing, place, results, call
        before, after = rehearsal(request["rehearsal"], *given)
        steps, looks = steps | before, looks | after
    steps["reset"] = partial(beneath.reset, seed, device, default)
    if device != "cpu":
        settings: list[Any] = []
        steps["enter"] = partial(beneath.enter, settings, device, own.limits)
        steps["move"] = partial(beneath.move, arguments, device, needing)
    steps["call"] = partial(call, arguments)
    if device != "cpu":
        steps["leave"] = partial(beneath.leave, settings)
    steps |= looks
    steps["changed"] = partial(beneath.changed, kept, arguments)
    steps["flush"] = beneath.flush
    if trace:  # to the last step in which code of the student's may run, such as the `flush` of an own stream
        steps |= steps_after(trace)
    own.names, own.given = [*steps], (arguments, kept, place)
    own.past += arguments, trace
    _run(own, [*steps.values()], own.finish)


def _map(own: SimpleNamespace) -> None:
    """Goes on with a call whose inputs lie in a segment that was not mapped before."""
    [(segment, error)] = own.outcomes
    if error is not None:
        own.answer, own.placed = {}, []
        _tell(own, [error])
        return
    request, own.request = own.request, None
    own.maps[request["inputs"][0]] = memoryview(segment)
    _call(own, request)


def _finish(own: SimpleNamespace) -> None:
    """Makes an answer of what the probe gave."""
    outcomes = dict(zip(own.names, own.outcomes, strict=True))
    trace, own.trace = own.trace, None
    for name in ("reset", "enter", "move", "read", "define", "call", "leave"):
        if name in outcomes and outcomes[name][1] is not None:
            own.answer, own.placed = {}, []
            _tell(own, [outcomes[name][1]])
            return
    watched = Watched(own.programs, own.words, own.space)
    changed = outcomes["changed"][0]
    own.answer = {
        "value": None,
        "changed": [each for each in changed if type(each) is str] if type(changed) is list else [],
        "seen": seen(trace, outcomes["end"], watched) if trace else [],
    }
    try:
        own.answer["value"], own.placed = describe(outcomes["call"][0], keep_layout=False)
    except WireError:
        _refuse(own)
        return
    if "left" in outcomes and (impolite := told(outcomes, own.placed, *own.given)):
        own.answer["manners"] = impolite
    elsewhere = [each.tensor for each in own.placed if each.elsewhere]
    if elsewhere:
        _run(own, [partial(beneath.to_cpu, tensor) for tensor in elsewhere], own.send)
    else:
        _reply(own)


def _send(own: SimpleNamespace) -> None:
    """Puts the tensors that were elsewhere in their places."""
    came = iter(list(own.outcomes))
    for index, placed in enumerate(own.placed):
        if placed.elsewhere:
            tensor, error = next(came)
            if error is not None:
                own.answer, own.placed = {}, []
                _tell(own, [error])
                return
            own.placed[index] = placed._replace(tensor=tensor, elsewhere=False)
    _reply(own)


def _tell(own: SimpleNamespace, errors: list[BaseException]) -> None:
    """Answers with `errors`, once the student's side has described each."""
    if errors:
        steps = [partial(beneath.described, error, own.tags) for error in errors]
        _run(own, [*steps, beneath.flush], own.told)
    else:
        _reply(own)


def _told(own: SimpleNamespace) -> None:
    errors = [checked(*outcome) for outcome in own.outcomes[:-1]]
    if own.loads and not own.unread:
        own.answer["errors"] = [
            {**error, "names": names} for error, names in zip(errors, own.unbound, strict=True)
        ]
    else:
        own.answer = {"error": errors[0]}
    _reply(own)


def _refuse(own: SimpleNamespace) -> None:
    own.answer = {"error": plain_error("TooLarge", "the result is too large")}
    own.placed = []
    _reply(own)


def _reply(own: SimpleNamespace) -> None:
    """Sends the answer, and goes on to the next request."""
    placed, own.placed = own.placed, []
    _put_away(own)
    own.past.extend(placed)
    if placed and placed[-1].end > own.limits.answer_bytes:
        _refuse(own)
        return
    header = {"id": own.number, **own.answer}
    own.answer = own.number = None
    own.reply(own, pack(header, write(placed)))


def _write(own: SimpleNamespace, message: bytes) -> None:
    sent = into(own.past, partial(_write_to, own.connection), (message,))
    own.todo.extend((own.take, _read(own), own.clear, sent))
