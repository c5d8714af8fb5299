"""Who has handed in what: which of a student's hand-ins counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...text import clean
from ..records import Enrolled
from .layouts import HandIn
from .roster import ID_LENGTH, Matcher


@dataclass(frozen=True, slots=True)
class ChosenHandIn:
    """Which of a student's hand-ins counts, and what is to be noted of that."""

    hand_in: HandIn
    notes: tuple[str, ...] = ()


def choose(
    hand_ins: Iterable[HandIn], students: Sequence[Enrolled]
) -> tuple[dict[str, ChosenHandIn], list[Enrolled]]:
    """What each student has handed in, by identifier; and the students who were not known yet."""
    hand_ins = list(hand_ins)
    matcher = Matcher(students, (each.aliases for each in hand_ins))
    of_student: dict[str, list[HandIn]] = {}
    new: dict[str, Enrolled] = {}
    for each in hand_ins:
        student = matcher.find(each.aliases)
        if student is None:
            student = clean(each.aliases[0], ID_LENGTH - 50)
            name, email = clean(each.name), clean(each.email)
            new.setdefault(student, Enrolled(id=student, name=name, email=email))
        of_student.setdefault(student, []).append(each)
    chosen = {student: _latest(several) for student, several in of_student.items()}
    return chosen, list(new.values())


def _latest(several: Sequence[HandIn]) -> ChosenHandIn:
    """The latest, where times are known; else the last by name."""

    def order(each: HandIn) -> tuple[float, str]:
        return (each.when.timestamp() if each.when else 0, _name_on_disk(each))

    *others, last = sorted(several, key=order)
    also = ", ".join(clean(_name_on_disk(each), 100) for each in others)
    notes = (f"{clean(_name_on_disk(last), 100)} counts; there is also {also}.",) if others else ()
    return ChosenHandIn(last, notes)


def _name_on_disk(hand_in: HandIn) -> str:
    return ", ".join(path.name for path in hand_in.files.values()) or hand_in.path.name
