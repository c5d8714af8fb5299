"""One exercise of one submission on the sandbox: keeps a child at work, and tells what became of its answers."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import NoAnswer
from ..language import N_, _
from ..report import CheckStatus
from ..sandbox import Child, Message, Sandbox
from ..sandbox.wire.values import WireError, as_received, decode, encode
from ..submission import Source
from ..text import clean, line_of, listed
from .explain import IN_PLACE
from .outcome import Cause, CheckFailed, CheckOutcome
from .probes import Probe
from .torch_errors import gradient_complaint, meaning_of, meaning_on

_NOT_LOADED = N_("The file could not be loaded.")
_CALLERS = 2


@dataclass(frozen=True)
class _Frame:
    """A line of the student's that an exception went through."""

    place: str
    line: int
    function: str
    text: str

    def __str__(self) -> str:
        return _("{file}, line {line}").format(file=self.place, line=self.line)


@dataclass(frozen=True)
class _Raised:
    """An exception of the student's code, as the child told of it."""

    kind: str
    message: str
    frames: tuple[_Frame, ...]

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


@dataclass(frozen=True)
class Request:
    """A call of a probe, whoever's code it is to run on; `device` is where the inputs are to be."""

    probe: Probe
    inputs: dict[str, Any]
    device: str
    seed: int

    @cached_property
    def wire(self) -> tuple[dict[str, Any], bytes]:
        """Header and block, as they are sent."""
        tree, block = encode(self.inputs)
        header = {"probe": self.probe.name, "code": self.probe.code, "arguments": tree}
        return {**header, "seed": self.seed, "device": self.device}, block


class Workbench:
    """Runs probes on the student's code in a child, and replaces a child that is lost.

    Args:
        preload: modules to import before the child is made.
        by_hand: whether a probe may see no differentiation; its first run is watched for it.

    Attributes:
        load_problem: why the student's file cannot be imported, once that is known.
        differentiated: probes in which something was seen to differentiate, and what.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        sandbox: Sandbox,
        preload: Sequence[str] = (),
        by_hand: Callable[[Probe], bool] = lambda _: False,
    ) -> None:
        self.name = name
        self.load_problem = source.problem
        self._source = source
        self._sandbox = sandbox
        self.differentiated: list[tuple[Probe, str]] = []
        self._preload = preload
        self._by_hand = by_hand
        self._watched: set[str] = set()
        self._child: Child | None = None
        self._names: list[str] = []
        self._cell_errors: list[_Raised] = []
        self._spent = 0.0

    def close(self) -> None:
        """Ends the child."""
        if self._child:
            self._child.close()
            self._child = None

    def ask(self, request: Request) -> Message:
        """Runs a probe.

        Raises:
            CheckOutcome: if no answer came, with the reason.
        """
        probe = request.probe
        watch = probe.name not in self._watched and self._by_hand(probe)
        self._watched.add(probe.name)
        child = self._ready()
        header, block = request.wire
        answer = self._timed(lambda: child.call({**header, "watch": watch}, block), request.device)
        if seen := _strings(answer.header.get("seen")):
            self.differentiated.append((probe, seen[0]))
        return answer

    def read(self, request: Request, answer: Message) -> Any:
        """What a probe returned, as plain data and `Received` tensors.

        Raises:
            CheckOutcome: if the answer is of no use, with the reason.
        """
        header, block, _text = answer
        if "error" in header:
            raise self._failed(self._read(header["error"]), request.device)
        try:
            value = decode(header.get("value"), block, as_received(request.device))
        except (WireError, ValueError, TypeError, OverflowError) as error:
            told = _("The answer of your code cannot be used: {why}.")
            raise CheckFailed(told.format(why=_(str(error)))) from error
        changes = request.probe.changes
        changed = [name for name in _strings(header.get("changed")) if name not in changes]
        if changed:
            told = _("The input {names} was changed; inputs are to be left as they were.")
            if len(changed) > 1:
                told = _("The inputs {names} were changed; inputs are to be left as they were.")
            raise CheckFailed(told.format(names=listed(changed)), [IN_PLACE])
        return value

    def _timed(self, exchange: Callable[[], Message], device: str) -> Message:
        most = self._sandbox.limits.exercise_seconds
        if self._spent > most:
            told = _("Not run: the {most:g} seconds for this exercise are used up.")
            raise CheckOutcome("timeout", told.format(most=most))
        start = time.monotonic()
        try:
            return exchange()
        except NoAnswer as error:
            self._child = None
            raise self._lost(error, device) from error
        finally:
            self._spent += time.monotonic() - start

    def _ready(self) -> Child:
        """The child with the student's source loaded in it."""
        if self.load_problem:
            raise CheckOutcome("not_reached", _(_NOT_LOADED))
        if self._child is None:
            self._child = self._load()
        return self._child

    def _load(self) -> Child:
        child = self._sandbox.open(self._preload)
        # plain names, whatever the path is: they travel through C code that knows ASCII alone
        tags = [f"{self.name}.py"]
        if self._source.notebook:
            tags = [f"{self.name}.ipynb:{number}" for number in range(len(self._source.cells))]
        try:
            header = child.load(
                self.name,
                list(zip(tags, self._source.programs, strict=True)),
                self._source.notebook,
            )
        except NoAnswer as error:
            self.load_problem = self._lost_at_import(error)
        else:
            if "error" in header:
                child.close()
                self.load_problem = self._import_problem(self._read(header["error"]))
        if self.load_problem:
            raise CheckOutcome("not_reached", _(_NOT_LOADED))
        self._names = _strings(header.get("names"))
        errors = header.get("errors")
        self._cell_errors = (
            [self._read(error) for error in errors] if isinstance(errors, list) else []
        )
        return child

    def _lost_at_import(self, error: NoAnswer) -> str:
        frame = self._frame(*error.place, "") if error.place else None
        told = _("{place}: importing the file {happened}.")
        told = told.format(place=frame or self._source.filename, happened=_happened(error))
        if error.reason == "timeout":
            told += " " + _('Move training and demo code under `if __name__ == "__main__":`.')
        return told

    def _import_problem(self, raised: _Raised) -> str:
        frame = raised.frames[-1] if raised.frames else None
        at, text = frame or self._source.filename, f": `{frame.text}`" if frame else ""
        if raised.kind in ("SyntaxError", "IndentationError", "TabError"):
            return f"{at}: {raised}{text}."
        told = _("{place}: importing the file raises {error}{line}.")
        if raised.kind == "SystemExit":
            told = _("{place}: importing the file ends the program{line}.")
        return told.format(place=at, error=raised, line=text)

    def _lost(self, error: NoAnswer, device: str) -> CheckOutcome:
        told = _("Your code {happened}.").format(happened=_happened(error))
        if error.place and (frame := self._frame(*error.place, "")):
            told += " " + _("It was at {place}: `{line}`.").format(place=frame, line=frame.text)
        status: CheckStatus = "timeout" if error.reason == "timeout" else "failed"
        causes = []
        if device == "sim" and error.reason == "died":
            beyond = _(
                "That was on `sim:0`, which stands for a GPU here: code like this may be beyond it."
            )
            causes.append(Cause("", beyond))
        return CheckOutcome(status, told, causes)

    def _failed(self, raised: _Raised, device: str) -> CheckOutcome:
        """The student's exception, or a probe's, as the outcome of a check."""
        frame = raised.frames[-1] if raised.frames else None
        # torch raises it as well, for what it has not implemented
        if raised.kind == "NotImplementedError" and frame and raised.kind in frame.text:
            return CheckOutcome("not_started", _not_written(raised.message))
        known = meaning_on(device, raised.kind, raised.message) or meaning_of(raised.message)
        causes = [known] if known else []
        if frame:
            told = _("`{function}` raised {error} ({place}: `{line}`).")
            named = {"function": frame.function, "error": raised, "place": frame}
            told = told.format(**named, line=frame.text)
            for caller in reversed(raised.frames[-1 - _CALLERS : -1]):
                at = _("called at {place}: `{line}`").format(place=caller, line=caller.text)
                told += f"\n    {at}"
            return CheckFailed(told, causes)
        if complaint := gradient_complaint(raised.message):
            return CheckFailed(*complaint)
        missing = re.fullmatch(r"module '(\w+)' has no attribute '(\w+)'", raised.message)
        if raised.kind == "AttributeError" and missing and missing[1] == self.name:
            return CheckFailed(self._not_defined(missing[2]))
        return CheckFailed(_("Calling your code raised {error}.").format(error=raised), causes)

    def _not_defined(self, name: str) -> str:
        told = _("{file} does not define `{name}`.")
        told = told.format(file=self._source.filename, name=name)
        near = difflib.get_close_matches(name, self._names, 2, 0.6)
        if near:
            told += " " + _("It has {names}: is that the one?").format(names=listed(near))
        elif self._cell_errors:
            first = self._cell_errors[0]
            at = f" ({first.frames[-1]}: `{first.frames[-1].text}`)" if first.frames else ""
            told += " " + _("A cell raised {error}{place}.").format(error=first, place=at)
        return told

    def _read(self, error: Any) -> _Raised:
        """What the child told of an exception; whatever is not of the right form is dropped."""
        if not isinstance(error, dict):
            return _Raised("Exception", "", ())
        kind, message, lines = error.get("type"), error.get("message"), error.get("lines")
        frames = []
        for entry in lines if isinstance(lines, list) else []:
            if isinstance(entry, list) and [type(part) for part in entry] == [int, int, str]:
                frames.append(self._frame(*entry))
        return _Raised(
            clean(kind, 80) if isinstance(kind, str) else "Exception",
            clean(message).strip().rstrip(".") if isinstance(message, str) else "",
            tuple(frame for frame in frames if frame),
        )

    def _frame(self, cell: int, line: int, function: str) -> _Frame | None:
        if not 0 <= cell < len(self._source.cells) or not 0 < line < 10**7:
            return None
        source = self._source.cells[cell]
        return _Frame(source.place, line, clean(function, 80), line_of(source.text, line))


def _happened(error: NoAnswer) -> str:
    """What became of the child, for the place of {happened} in a sentence."""
    values = {
        key: _(value) if isinstance(value, str) else value for key, value in error.values.items()
    }
    return _(error.template).format(**values)


def _not_written(message: str) -> str:
    """What a stub raises is in English in every language, as its code is."""
    if stub := re.fullmatch(r"(\S+) is not written yet", message):
        return _("{name} is not written yet").format(name=stub[1])
    return message or _("Not written yet.")


def _strings(values: Any) -> list[str]:
    """The strings among values that came from the child."""
    if not isinstance(values, list):
        return []
    return [clean(value, 80) for value in values if isinstance(value, str)]
