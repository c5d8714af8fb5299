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
from typing import Any

from ...errors import NoAnswer
from ...language import N_, _
from ...report import CheckStatus
from ...submission import Source
from ...text import clean, listed
from ..loading import TopLevel, happened, raised_at
from ..outcome import Cause, CheckFailed, CheckOutcome, DtypeNotTaken
from ..source.newer_python import needs_newer
from .look_at import definitions_of
from .raised import CALLERS, SYNTAX_ERRORS, Raised, StudentLine, StudentsLines, tags_of
from .raised_causes import cause_of
from .torch_errors import gradient_complaint, takes_no_half, with_index

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
OWN_RAISE = Cause(
    "raised-own",
    "A line of your own raises it: with what was handed in, no exception is asked for, or one of another class.",
)
ANOTHER_INIT = Cause(
    "raised-init", "Python calls a method of the name `__init__`; here it is written `{near}`."
)
# what one mistake has another of each time: numbers, and the texts that a check has drawn
_DRAWN = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
_BEYOND = Cause(
    "", "That was on `{device}`, which stands for a GPU here: code like this may be beyond it."
)


class Failures:
    """Turns what happened to a submission's source into what its student reads.

    Args:
        name: the exercise's, and so that of the module.
        source: what was handed in for it.
    """

    def __init__(self, name: str, source: Source) -> None:
        self._name = name
        self._source = source
        self._lines = StudentsLines(source)
        self._top = TopLevel(self._lines, source, {})
        self._above_code: set[StudentLine] = set()  # lines that raise, and code stands below them

    def note_loaded(self, header: Mapping[str, Any], lost: NoAnswer | None = None) -> None:
        """Keeps what a child told when it had loaded the source: the names that it defines, and what raised there.

        Args:
            lost: how an earlier child was lost by a line that this one has left out.
        """
        self._top = TopLevel(self._lines, self._source, header, lost)

    @property
    def is_nothing_defined(self) -> bool:
        """Whether something failed when the source was loaded, and none of its functions and classes is there."""
        return self._top.is_empty

    @property
    def notes(self) -> tuple[str, ...]:
        """What the student is told of how the source was loaded; it costs no point."""
        sentence = _(
            "{place} still raises NotImplementedError: the code below it is never reached. Delete that line."
        )
        lines = sorted(self._above_code, key=lambda line: (line.cell, line.number))
        return (*self._top.notes, *(sentence.format(place=line) for line in lines))

    @property
    def has_unreached_code(self) -> bool:
        """Whether code stands below a `raise NotImplementedError` that was met."""
        return bool(self._above_code)

    def line_at(self, tag: str, number: int) -> StudentLine | None:
        """A line of the student's, by what a child calls its file or cell; `None` where there is none."""
        tags = tags_of(self._name, self._source)
        return self._lines.line(tags.index(tag), number, "") if tag in tags else None

    def lost_at_import(self, error: NoAnswer) -> str:
        """Why the file cannot be loaded, when its import ended the child."""
        line = self._lines.line(*error.place, "") if error.place else None
        sentence = _("{place}: importing the file {happened}.")
        sentence = sentence.format(place=line or self._source.filename, happened=happened(error))
        if error.reason == "timeout":
            sentence += " " + _('Move training and demo code under `if __name__ == "__main__":`.')
        return sentence

    def not_loaded(self, error: Any) -> str:
        """Why the file cannot be loaded, when it defines nothing; `error` is what the child told of what it raised."""
        if lost := self._top.lost:
            return self.lost_at_import(lost)
        decisive = self._top.decisive
        if decisive is None:
            return self.raised_at_import(error)
        told = self._at_import(decisive.raised)
        if decisive.is_in_class:
            sentence = _("So the class that begins at {place} is not made.")
            told += " " + sentence.format(place=decisive.line)
        return told

    def raised_at_import(self, error: Any) -> str:
        """Why the file cannot be loaded, when its import raised; `error` is what the child told of it."""
        return self._at_import(self._lines.read(error))

    def _at_import(self, raised: Raised) -> str:
        line = raised.line
        if raised.kind not in SYNTAX_ERRORS:
            return raised_at(line, raised, self._source.filename)
        at, text = line or self._source.filename, f": `{line.text}`" if line else ""
        newer = needs_newer(line.text, raised.message) if line else ""
        return f"{at}: {raised}{text}. {newer}".strip()

    def lost(self, error: NoAnswer, device: str) -> CheckOutcome:
        """How a case ends when a probe, on `device`, ended the child."""
        sentence = _("Your code {happened}.").format(happened=happened(error))
        if error.place and (line := self._lines.line(*error.place, "")):
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
        raised = self._lines.read(error)
        line = raised.line
        # torch raises it as well, for what it has not implemented
        if raised.kind == "NotImplementedError" and line and raised.kind in line.text:
            if self._lines.has_code_below(line):
                self._above_code.add(line)
            return CheckOutcome("not_started", _not_written(raised.message))
        known = cause_of(
            raised.kind,
            raised.message,
            line.text if line else "",
            self._lines.body_around(line) if line else "",
            raised.facts,
            device,
        )
        causes = [known] if known else []
        if not known and line and re.match(r"(raise|assert)\b.", line.text):
            causes = [OWN_RAISE]
        if watched and raised.message == _NO_THREAD:
            causes = [ONE_THREAD]
        if line:
            ends = DtypeNotTaken if takes_no_half(raised.message) else CheckFailed
            sentence = _with_callers(raised, line)
            if because := self._top.because_of(raised):
                sentence += " " + because
            # what the student's own `raise` says may have names in it that were drawn
            said = "" if OWN_RAISE in causes else _DRAWN.sub("#", raised.message)
            mistake = f"{line} {raised.kind} {said}"
            return ends(sentence, causes, place=str(line), mistake=mistake)
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
        near = difflib.get_close_matches(name, self._top.names, 2, 0.6)
        if because := self._top.because(name):
            sentence += " " + because
        elif near:
            sentence += " " + _("It has {names}: is that the one?").format(names=listed(near))
        elif self._source.notebook and (first := self._top.first):
            at = f" ({first.line}: `{first.line.text}`)" if first.line else ""
            sentence += " " + _("A cell raised {error}{place}.").format(error=first, place=at)
        return sentence


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
    for caller in reversed(raised.lines[-1 - CALLERS : -1]):
        at = _("called at {place}: `{line}`").format(place=caller, line=caller.text)
        sentence += f"\n    {at}"
    return sentence


def _not_written(message: str) -> str:
    """What a stub raises is in English in every language, as its code is."""
    if stub := re.fullmatch(r"(\S+) is not written yet", message):
        return _("{name} is not written yet").format(name=stub[1])
    return message or _("Not written yet.")
