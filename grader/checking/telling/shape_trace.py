"""What each line of a student's function sets: shapes, dtypes and devices, while it answers a probe."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from ...text import clean
from ..outcome import CheckOutcome
from ..probes import Probe
from ..session import Request, Session
from .failures import Failures

MOST_STEPS = 200
# runs beside the student's code, after the probe whose name and inputs it is given; what it tells is the student's word
_TRACER = """
def follow(student, **inputs):
    import sys
    steps, before = [], {}
    file = student.__file__

    def about(value):
        if isinstance(value, Tensor):
            text = f"{tuple(value.shape)} {str(value.dtype)[6:]} {value.device}"
            return text + (" requires_grad" if value.requires_grad else "")
        if isinstance(value, (bool, int, float)) or value is None:
            return repr(value)[:40]
        if isinstance(value, (list, tuple)) and any(isinstance(each, Tensor) for each in value):
            return "[" + ", ".join(about(each) for each in value[:4]) + "]"
        return type(value).__name__

    def look(frame, event, given):
        if frame.f_code.co_filename.partition(":")[0] != file.partition(":")[0]:
            return None
        if event == "call":
            before[id(frame)] = {}, frame.f_lineno
        known, line = before.get(id(frame), ({}, 0))
        now = {name: about(value) for name, value in frame.f_locals.items() if name != "self"}
        new = [f"{name}: {text}" for name, text in now.items() if known.get(name) != text]
        if event == "return":
            new.append("return " + about(given))
        if new and len(steps) < MOST_STEPS:
            steps.append([frame.f_code.co_filename, line, frame.f_code.co_name, ", ".join(new)])
        before[id(frame)] = now, frame.f_lineno
        return look

    sys.settrace(look)
    try:
        PROBE(student, **inputs)
    except BaseException as error:
        steps.append([file, 0, "", f"{type(error).__name__}: {error}"[:200]])
    finally:
        sys.settrace(None)
    return steps
"""


class _Followed(Probe):
    """Another probe, run within a program that looks on."""

    def __init__(self, probe: Probe, name: str, program: str) -> None:
        super().__init__(probe._function, tuple(probe.changes), once="followed")
        self.name = name
        self._source = f"{probe.source}\n{program.replace('PROBE', probe.name)}"

    @cached_property
    def source(self) -> str:
        return self._source


def followed(request: Request, name: str, program: str) -> Request:
    """The same call within a program that looks on: `name(student, **inputs)`, in which `PROBE` is the probe's name."""
    within = replace(request, probe=_Followed(request.probe, name, program))
    # all that there is of one that was kept without its inputs
    header, block = request.wire
    vars(within)["wire"] = {**header, "probe": name, "code": within.probe.code}, block
    return within


def steps_of(session: Session, request: Request) -> tuple[tuple[str, str, str], ...]:
    """What the lines of the student's code set, one by one: where, the line, and the names with what they hold now.

    It is empty where the code gives no answer.
    """
    tracer = _TRACER.replace("MOST_STEPS", f"{MOST_STEPS}")
    following = followed(request, "follow", tracer)
    try:
        told = session.read(following, session.ask(following))
    except CheckOutcome:
        return ()
    steps: dict[tuple[str, str, str], None] = {}  # what comes again in a loop is told once
    for entry in told[:MOST_STEPS] if isinstance(told, list) else ():
        match entry:
            case [str(file), int(line), str(_function), str(what)]:
                steps[_step(session.failures, file, line, what)] = None
    return tuple(steps)


def _step(failures: Failures, file: str, number: int, what: str) -> tuple[str, str, str]:
    line = failures.line_at(file, number)
    place, text = (f"{line.file}:{line.number}", line.text) if line else ("", "")
    return clean(place, 80), clean(text, 80), clean(what, 300)
