"""Who has handed in what: whose a hand-in is, and which of a student's hand-ins counts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...errors import LayoutError
from ...text import clean
from ..names import spellings, words_of
from ..records import FORMERLY, Enrolled
from .hand_in import HandIn, Known, composed
from .matcher import Matcher
from .roster import ID_LENGTH

_NAME_LENGTH = 100  # of a hand-in, in a note
_SIGNS = re.compile(r"[\W_]+")
_ONLINE_TEXT = "_assignsubmission_onlinetext"


@dataclass(frozen=True, slots=True)
class ChosenHandIn:
    """Which of a student's hand-ins counts, and what is to be noted of that."""

    hand_in: HandIn
    notes: tuple[str, ...] = ()


def choose(
    hand_ins: Iterable[HandIn],
    students: Sequence[Enrolled],
    holds: Callable[[HandIn], bool] = lambda hand_in: True,
) -> tuple[dict[str, ChosenHandIn], list[Enrolled]]:
    """What each student has handed in, by identifier; and the students who were not known yet.

    Args:
        holds: whether there is an exercise in a hand-in; asked only where a student has several.

    Raises:
        LayoutError: if a hand-in's number is one student's and its name another's.
    """
    hand_ins = list(hand_ins)
    owners = _Owners(students, hand_ins)
    of_student: defaultdict[str, list[HandIn]] = defaultdict(list)
    new: dict[str, Enrolled] = {}
    notes: defaultdict[str, list[str]] = defaultdict(list)
    for each in hand_ins:
        student, told = owners.find(each)
        if student is None:
            student = clean(owners.free_alias(each), ID_LENGTH - 50)
            name, email = clean(each.name), clean(each.email)
            new.setdefault(student, Enrolled(id=student, name=name, email=email))
        notes[student] += [note for note in told if note not in notes[student]]
        of_student[student].append(each)
    chosen = {}
    for student, several in of_student.items():
        counts = _latest(several, holds, owners.carries_former)
        chosen[student] = ChosenHandIn(counts.hand_in, (*counts.notes, *notes[student]))
    return chosen, list(new.values())


class _Owners:
    """Whose a hand-in is: by its identifiers, and else by its student's name, where only one has it."""

    def __init__(self, students: Sequence[Enrolled], hand_ins: Sequence[HandIn]) -> None:
        self._students = {student.id: student for student in students}
        self._matcher = Matcher(students, (each.aliases for each in hand_ins))
        self._former = {
            text.strip().casefold(): student.id
            for student in students
            for column, text in student.ids
            if column == FORMERLY
        }
        self._named: defaultdict[str, list[str]] = defaultdict(list)
        for student in students:
            for written in spellings(student.name) | _run_together(student.name):
                self._named[written].append(student.id)

    def find(self, hand_in: HandIn) -> tuple[str | None, tuple[str, ...]]:
        """The student's identifier, if there is one, and what the instructor should look at.

        Raises:
            LayoutError: if a service's number is one student's, and the name is another's.
        """
        called = [hand_in.name, *hand_in.aliases[hand_in.numbered :]]
        namesakes = next(filter(None, map(self._namesakes, called)), [])
        by_name = namesakes[0] if len(namesakes) == 1 else None
        if hand_in.numbered:
            numbers, others = (
                hand_in.aliases[: hand_in.numbered],
                hand_in.aliases[hand_in.numbered :],
            )
            by_number = self._matcher.find(numbers, whole=True)
            former = {self._former.get(each.strip().casefold()) for each in numbers} - {None}
            if by_number in former:
                return by_number, ()  # somebody has said so, whatever the name is
            by_name = by_name or self._matcher.find(others, whole=True)
            if by_number and by_name and by_number != by_name:
                raise LayoutError(self._conflict(hand_in, by_number, by_name))
            if by_number and not by_name and not self._may_be(hand_in, by_number):
                whose = _called(self._students[by_number])
                told = f"The number {clean(hand_in.aliases[0])} is that of {whose} on the roster, who has another name."
                return None, (told,)
            found = by_number or by_name
        else:
            found = self._matcher.find_surely(hand_in.longer)
            found = found or self._matcher.find(hand_in.aliases, whole=hand_in.whole) or by_name
        found = found or self._by_both(hand_in.aliases)
        if found is None and len(namesakes) > 1:
            whose = ", ".join(namesakes[:5]) + (" …" if len(namesakes) > 5 else "")
            told = f"{len(namesakes)} students ({whose}) have the name of {_shown(hand_in)}: whose it is, is not known."
            return None, (told,)
        return found, ()

    def _namesakes(self, name: str) -> list[str]:
        found = (self._named.get(written, ()) for written in sorted(spellings(name)))
        return [*dict.fromkeys(student for several in found for student in several)]

    def carries_former(self, hand_in: HandIn) -> bool:
        """Whether it carries an identifier that a student gave up by hand."""
        return any(alias.strip().casefold() in self._former for alias in hand_in.aliases)

    def _by_both(self, aliases: Sequence[str]) -> str | None:
        """Who is called by an identifier and the name together: `20260042_김민준`, `Ada Lind (7)`."""
        for alias in aliases:
            parts = {part for part in _SIGNS.split(composed(alias).casefold()) if part}
            found = {part: who for part in parts if (who := self._matcher.find_surely([part]))}
            if len({*found.values()}) != 1:
                continue
            [student] = {*found.values()}
            name = {*_SIGNS.split(composed(self._students[student].name).casefold())} - {""}
            if name and name <= parts and not found.keys() <= name:
                return student
        return None

    def free_alias(self, hand_in: HandIn) -> str:
        """What a student who is not known is called: the first of the aliases that is nobody else's."""
        whole = hand_in.whole or bool(hand_in.numbered)
        free = (each for each in hand_in.aliases if not self._matcher.find([each], whole=whole))
        return next(free, hand_in.aliases[0])

    def _may_be(self, hand_in: HandIn, student: str) -> bool:
        """Whether a student may be called as the hand-in says; a name in other letters may be anybody's."""
        name, other = composed(hand_in.name).casefold(), self._students[student].name
        words = [word for word in words_of(other) if any(map(str.isalnum, word))]
        if not name or not words or name.isascii() != " ".join(words).isascii():
            return True
        return any(word in name for word in words) or bool(spellings(name) & spellings(other))

    def _conflict(self, hand_in: HandIn, by_number: str, by_name: str) -> str:
        one, other = self._students[by_number], self._students[by_name]
        return (
            f"{_name_on_disk(hand_in)}: the number {clean(hand_in.aliases[0])} is that of {_called(one)}, and "
            f"the name that of {_called(other)}. `--id COLUMN` names the column that the hand-ins carry."
        )


def _called(student: Enrolled) -> str:
    return f"{student.id} ({student.name})" if student.name else student.id


def _run_together(name: str) -> set[str]:
    """The family's name and the others in one word, as Canvas writes them in names of files: `lovelaceada`."""
    family, comma, given = name.partition(",")
    if not comma:
        given, _, family = name.rpartition(" ")
    word = "".join(filter(str.isalnum, composed(family + given))).casefold()
    return {word} if word else set()


def knows(students: Sequence[Enrolled]) -> Known:
    """Whether one of several names is exactly that of one of these students; `lab-1` is no student 1."""
    known = {
        value.strip().casefold()
        for student in students
        for value in (student.id, student.login, student.email, student.name)
    } - {""}
    names = {written for student in students for written in spellings(student.name)}

    def knows_one(aliases: Sequence[str]) -> bool:
        return any(each.strip().casefold() in known or names & spellings(each) for each in aliases)

    return knows_one


def require_known(
    chosen: Iterable[str],
    new: Sequence[Enrolled],
    students: Sequence[Enrolled],
    has_roster: bool,
) -> None:
    """Where there is a roster, somebody who has handed in is on it, or all are in the gradebook already.

    Args:
        chosen: who has handed in.
        new: those of them who were not known.
        students: who was known.
        has_roster: whether there is a roster.

    Raises:
        LayoutError: if nobody is: the roster is another class's, or carries other identifiers.
    """
    handed_in = {*chosen}
    roster = [student for student in students if student.on_roster]
    known = {student.id for student in students}
    if not has_roster or not roster or known >= handed_in:
        return
    if any(student.id in handed_in for student in roster):
        return
    raise LayoutError(
        f"0 of the {len(handed_in):,} who handed in are on the roster of {len(roster):,}. Handed in is, for example, "
        f"{_called(new[0])}; on the roster is, for example, {_example(roster[0])}. "
        "Give this class's roster, or name the column that the hand-ins carry with `--id COLUMN`."
    )


def _example(student: Enrolled) -> str:
    parts = [student.name, student.login, student.email]
    more = ", ".join(part for part in dict.fromkeys(parts) if part and part != student.id)
    return f"{student.id} ({more})" if more else student.id


def _latest(
    several: Sequence[HandIn],
    holds: Callable[[HandIn], bool],
    former: Callable[[HandIn], bool],
) -> ChosenHandIn:
    """The latest that holds an exercise, where times are known; else the last by name.

    Without times, one of a student's own identifier goes before one of an identifier that was merged into it.
    """

    def order(each: HandIn) -> tuple[float, bool, str]:
        return (each.when.timestamp() if each.when else 0, not former(each), _name_on_disk(each))

    in_order = sorted(several, key=order)
    if len(in_order) == 1:
        return ChosenHandIn(in_order[0])
    *others, counts = [each for each in in_order if holds(each)] or in_order
    empty = [each for each in in_order if each is not counts and each not in others]
    # whoever hands in files may greet in the online text
    told = [each for each in empty if _ONLINE_TEXT not in _name_on_disk(each)]
    notes = []
    if others:
        also = ", ".join(map(_shown, others))
        notes.append(f"{_shown(counts)} counts; there is also {also}.")
    if told:
        also = ", ".join(map(_shown, told))
        notes.append(f"{_shown(counts)} counts; there is no exercise in {also}.")
    return ChosenHandIn(counts, tuple(notes))


def _shown(hand_in: HandIn) -> str:
    return clean(_name_on_disk(hand_in), _NAME_LENGTH)


def _name_on_disk(hand_in: HandIn) -> str:
    return ", ".join(path.name for path in hand_in.files.values()) or hand_in.path.name
