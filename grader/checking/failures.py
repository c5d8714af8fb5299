"""What a student reads when the code gives no usable answer.

    NoAnswer: the child was lost ─────┐
    an exception, as the child has it ├──▶ Failures ──▶ how the case ends, or why the file cannot be loaded
    an answer that cannot be used ────┘

Nothing here runs anything. Whatever comes from a child is checked before it gets into a sentence.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import NoAnswer
from ..language import N_, _
from ..report import CheckStatus
from ..submission import Source
from ..text import clean, line_of, listed
from .left_changed import strings
from .look_at import definitions_of
from .outcome import Cause, CheckFailed, CheckOutcome, DtypeNotTaken
from .raised_causes import Facts, cause_of, facts_in
from .torch_errors import gradient_complaint, takes_no_half, with_index

_CALLERS = 2  # lines that are shown above the one that raised
# what a child tells is as long as it likes: so many entries of it are looked at
_MOST_LINES = 100
_NO_THREAD = "can't start new thread"  # Python's words
ONE_THREAD = Cause(
    "raised-one-thread",
    "What you are to write yourself is watched while it runs, on one thread: start no other.",
)
# what `filling.NotJudged` is told as, by its first word
NOT_JUDGED = {
    "no attribute": N_("Not judged, because there is no attribute `{name}`."),
    "unregistered": N_("Not judged, because `{name}` is not a registered `nn.Parameter`."),
    "frozen": N_("Not judged, because `{name}` does not require gradients."),
    "shape": N_(
        "Not judged, because `{name}` has shape {got}: numbers of shape {wanted} do not fit into it."
    ),
}
_OTHER_ARGUMENTS = re.compile(
    r"\S+\(\) (takes |missing \d|got an unexpected |got multiple |got some positional)"
)
_NO_ARGUMENTS = re.compile(
    r"(\w+)(?:\(\) takes no arguments"
    r"|\.__init__\(\) (?:takes 1 positional argument but|got an unexpected keyword argument))"
)
ANOTHER_INIT = Cause(
    "raised-init", "Python calls a method of the name `__init__`; here it is written `{near}`."
)
_NUMBER = re.compile(r"\d+")
_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
_BEYOND = Cause(
    "", "That was on `{device}`, which stands for a GPU here: code like this may be beyond it."
)


@dataclass(frozen=True)
class StudentLine:
    """A line of the student's: where an exception went through, or where the code was when it was stopped."""

    file: str
    number: int
    function: str
    text: str
    cell: int = 0

    def __str__(self) -> str:
        return _("{file}, line {line}").format(file=self.file, line=self.number)


@dataclass(frozen=True)
class Raised:
    """An exception of the student's code, with the innermost lines that it went through, the outermost first."""

    kind: str
    message: str
    lines: tuple[StudentLine, ...]
    facts: Facts = field(default_factory=Facts)

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind

    @property
    def line(self) -> StudentLine | None:
        """The innermost one."""
        return self.lines[-1] if self.lines else None


class Failures:
    """Turns what happened to a submission's source into what its student reads.

    Args:
        name: the exercise's, and so that of the module.
        source: what was handed in for it.
    """

    def __init__(self, name: str, source: Source) -> None:
        self._name = name
        self._source = source
        self._names: list[str] = []
        self._cell_error: Raised | None = None
        self._split: tuple[int, list[str]] | None = None

    def note_loaded(self, header: Mapping[str, Any]) -> None:
        """Keeps what a child told when it had loaded the source: the names that it defines, and which cells raised."""
        self._names = strings(header.get("names"))
        errors = header.get("errors")
        self._cell_error = self._read(errors[0]) if isinstance(errors, list) and errors else None

    def lost_at_import(self, error: NoAnswer) -> str:
        """Why the file cannot be loaded, when its import ended the child."""
        line = self._line(*error.place, "") if error.place else None
        sentence = _("{place}: importing the file {happened}.")
        sentence = sentence.format(place=line or self._source.filename, happened=_happened(error))
        if error.reason == "timeout":
            sentence += " " + _('Move training and demo code under `if __name__ == "__main__":`.')
        return sentence

    def raised_at_import(self, error: Any) -> str:
        """Why the file cannot be loaded, when its import raised; `error` is what the child told of it."""
        raised = self._read(error)
        line = raised.line
        at, text = line or self._source.filename, f": `{line.text}`" if line else ""
        if raised.kind in _SYNTAX_ERRORS:
            return f"{at}: {raised}{text}."
        sentence = _("{place}: importing the file raises {error}{line}.")
        if raised.kind == "SystemExit":
            sentence = _("{place}: importing the file ends the program{line}.")
        return sentence.format(place=at, error=raised, line=text)

    def lost(self, error: NoAnswer, device: str) -> CheckOutcome:
        """How a case ends when a probe, on `device`, ended the child."""
        sentence = _("Your code {happened}.").format(happened=_happened(error))
        if error.place and (line := self._line(*error.place, "")):
            sentence += " " + _("It was at {place}: `{line}`.").format(place=line, line=line.text)
        status: CheckStatus = "timeout" if error.reason == "timeout" else "failed"
        causes = []
        if device.startswith("sim") and error.reason == "died":
            causes.append(_BEYOND.in_case(device=with_index(device)))
        return CheckOutcome(status, sentence, causes)

    def raised(self, error: Any, device: str, watched: bool = False) -> CheckOutcome:
        """How a case ends when a probe, on `device`, raised.

        Args:
            error: what the child told of it.
            watched: whether it ran where no thread can start, because a rule is about what it calls.
        """
        raised = self._read(error)
        line = raised.line
        # torch raises it as well, for what it has not implemented
        if raised.kind == "NotImplementedError" and line and raised.kind in line.text:
            return CheckOutcome("not_started", _not_written(raised.message))
        known = cause_of(
            raised.kind,
            raised.message,
            line.text if line else "",
            self._body_around(line) if line else "",
            raised.facts,
            device,
        )
        causes = [known] if known else []
        if watched and raised.message == _NO_THREAD:
            causes = [ONE_THREAD]
        if line:
            ends = DtypeNotTaken if takes_no_half(raised.message) else CheckFailed
            mistake = f"{line} {raised.kind} {_NUMBER.sub('#', raised.message)}"
            return ends(_with_callers(raised, line), causes, place=str(line), mistake=mistake)
        if complaint := gradient_complaint(raised.message):
            return CheckFailed(*complaint)
        missing = re.fullmatch(r"module '(\w+)' has no attribute '(\w+)'", raised.message)
        if raised.kind == "AttributeError" and missing and missing[1] == self._name:
            return CheckFailed(self._not_defined(missing[2]))
        if told := _not_judged(raised):
            return told
        causes += self._another_init(raised)
        return CheckFailed(_without_a_line(raised), causes)

    def _another_init(self, raised: Raised) -> list[Cause]:
        """The method that was meant to be the `__init__` of a class that took no arguments."""
        refused = _NO_ARGUMENTS.match(raised.message)
        if raised.kind != "TypeError" or refused is None:
            return []
        name = refused[1]
        defined = definitions_of(self._source.programs)
        if name not in defined or f"{name}.__init__" in defined:
            return []
        methods = [key.partition(".")[2] for key in defined if key.startswith(f"{name}.")]
        near = difflib.get_close_matches("__init__", methods, 1, 0.6)
        return [ANOTHER_INIT.of(near=near[0])] if near else []

    def _not_defined(self, name: str) -> str:
        sentence = _("{file} does not define `{name}`.")
        sentence = sentence.format(file=self._source.filename, name=name)
        near = difflib.get_close_matches(name, self._names, 2, 0.6)
        if near:
            sentence += " " + _("It has {names}: is that the one?").format(names=listed(near))
        elif first := self._cell_error:
            at = f" ({first.line}: `{first.line.text}`)" if first.line else ""
            sentence += " " + _("A cell raised {error}{place}.").format(error=first, place=at)
        return sentence

    def _read(self, error: Any) -> Raised:
        """What the child told of an exception; whatever is not of the right form is dropped."""
        if not isinstance(error, dict):
            return Raised("Exception", "", ())
        kind, message, entries = error.get("type"), error.get("message"), error.get("lines")
        lines: list[StudentLine] = []
        for entry in entries[: -1 - _MOST_LINES : -1] if isinstance(entries, list) else []:
            if isinstance(entry, list) and [type(part) for part in entry] == [int, int, str]:
                if line := self._line(*entry):
                    lines.append(line)
            if len(lines) > _CALLERS:
                break
        return Raised(
            clean(kind, 80) if isinstance(kind, str) else "Exception",
            clean(message).strip().rstrip(".") if isinstance(message, str) else "",
            tuple(reversed(lines)),
            facts_in(error.get("facts")),
        )

    def _line(self, cell: int, number: int, function: str) -> StudentLine | None:
        if not 0 <= cell < len(self._source.cells) or not 0 < number < 10**7:
            return None
        source = self._source.cells[cell]
        text = line_of(self._lines_of(cell), number)
        return StudentLine(source.place, number, clean(function, 80), text, cell)

    def _body_around(self, line: StudentLine) -> str:
        """The lines of a function up to the one that raised, as far as they are known to belong to it."""
        lines = self._lines_of(line.cell)[: line.number]
        body: list[str] = []
        for text in reversed(lines[-_MOST_LINES:]):
            body.append(text)
            if re.match(rf"\s*(async )?def {re.escape(line.function)}\b", text):
                break
        return "\n".join(reversed(body))

    def _lines_of(self, cell: int) -> list[str]:
        """A cell's lines; the last one's are kept, since one exception goes through several lines of it."""
        if self._split is None or self._split[0] != cell:
            self._split = cell, self._source.cells[cell].text.splitlines()
        return self._split[1]


def not_loaded() -> CheckOutcome:
    """How a case ends when the student's file cannot be loaded; the exercise's own message says why."""
    return CheckOutcome("not_reached", _("The file could not be loaded."))


def out_of_time(seconds: float) -> CheckOutcome:
    """How a case ends when the `seconds` for all of the exercise are used up."""
    sentence = _("Not run: the {most:g} seconds for this exercise are used up.")
    return CheckOutcome("timeout", sentence.format(most=seconds))


def cut_short(seconds: float) -> CheckOutcome:
    """How a case ends when the `seconds` for all of the exercise end in the midst of it."""
    sentence = _("Your code did not finish within the {most:g} seconds for all of this exercise.")
    return CheckOutcome("timeout", sentence.format(most=seconds))


def unusable(error: Exception) -> CheckFailed:
    """How a case ends when `error` is why its answer is no value."""
    return CheckFailed(
        _("The answer of your code cannot be used: {why}.").format(why=clean(_(str(error))))
    )


def _not_judged(raised: Raised) -> CheckOutcome | None:
    """How a case ends whose probe says that what it got cannot be judged; what it says is the child's word."""
    why, *parts = raised.message.split("|")
    if raised.kind != "NotJudged" or why not in NOT_JUDGED or len(parts) not in (1, 3):
        return None
    values = dict(zip(("name", "got", "wanted"), (clean(part, 80) for part in parts), strict=False))
    return CheckOutcome(
        "not_reached", _(NOT_JUDGED[why]).format_map({"got": "", "wanted": ""} | values)
    )


def _without_a_line(raised: Raised) -> str:
    """It was raised in a call that the student's code does not take, or by what a check did with its result."""
    if raised.kind == "TypeError" and _OTHER_ARGUMENTS.match(raised.message):
        return _("It does not take the arguments that are asked: {error}.").format(error=raised)
    return _("The check could not go on with what it got: {error}.").format(error=raised)


def _with_callers(raised: Raised, line: StudentLine) -> str:
    sentence = _("`{function}` raised {error} ({place}: `{line}`).")
    sentence = sentence.format(function=line.function, error=raised, place=line, line=line.text)
    for caller in reversed(raised.lines[-1 - _CALLERS : -1]):
        at = _("called at {place}: `{line}`").format(place=caller, line=caller.text)
        sentence += f"\n    {at}"
    return sentence


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
