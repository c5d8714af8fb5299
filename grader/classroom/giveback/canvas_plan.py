"""What Canvas is to be given, student by student, and what of it Canvas has already.

Who is who: every identifier of a student that a user of Canvas has (Canvas' own, the SIS', the login, the mail address)
has to lead to the same user, and the names, where both are known, have to share a word. Everything else is told, and
nothing is sent for it.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from ..names import spellings
from ..records import Record
from .plain_feedback import comment_of
from .recipients import EXCUSED, Handover

UNKNOWN = "not in this course of Canvas"
_KEYS = ("id", "sis_user_id", "login_id", "integration_id", "email")


@dataclass(frozen=True)
class CanvasIntent:
    """What one student is to be given.

    Attributes:
        grade: points, as they are typed; empty where the student is excused.
        comment: empty where the student is excused.
    """

    student: str
    name: str
    identifiers: tuple[str, ...]
    grade: str = ""
    excuse: bool = False
    comment: str = ""


@dataclass(frozen=True)
class CanvasHas:
    """What Canvas has of a user in the assignment.

    Attributes:
        user: Canvas' own number.
        keys: the identifiers that name the user.
        score: points before Canvas' own penalty for days late; `None` where there are none.
        comments: the texts of all comments.
    """

    user: int
    name: str
    keys: frozenset[str]
    score: Fraction | None = None
    excused: bool = False
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class CanvasChange:
    """What is to be sent for one student. Nothing of it is there yet.

    Attributes:
        grade: empty where Canvas has it.
        comment: empty where Canvas has it.
    """

    intent: CanvasIntent
    has: CanvasHas
    grade: str = ""
    excuse: bool = False
    comment: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether Canvas has all of it."""
        return not (self.grade or self.excuse or self.comment)


def intents_of(records: Iterable[Record], title: str) -> tuple[list[CanvasIntent], Handover]:
    """What everybody is to be given, and who gets nothing: whoever handed in nothing, or is not graded."""
    handover = Handover()
    intents = []
    for record in records:
        state: str = record.state
        student = record.student
        texts = (student.id, *(text for _column, text in student.ids), student.login, student.email)
        identifiers = tuple(dict.fromkeys(filter(None, texts)))
        intent = CanvasIntent(student.id, student.name, identifiers)
        if state == "excused":
            intents.append(replace(intent, excuse=True))
            continue
        for _student, plain in handover.of([record]):
            grade = typed(Fraction(plain.score or 0))
            intents.append(replace(intent, grade=grade, comment=comment_of(plain, title)))
    handover.left_out.pop(EXCUSED, None)
    handover.given = len(intents)
    return intents, handover


def typed(score: Fraction) -> str:
    """Points as somebody would type them: `7`, `7.5`."""
    return f"{float(score):.4f}".rstrip("0").rstrip(".")


def digest_of_plan(intents: Sequence[CanvasIntent], where: Mapping[str, Any]) -> str:
    """Of all that would be sent, and where to: what was looked at is what is sent."""
    plain = json.dumps([dict(where), [asdict(each) for each in intents]], sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def has_of(plain: Mapping[str, Any]) -> CanvasHas:
    """What a submission of Canvas' API says, with its user and its comments."""
    user = plain.get("user") or {}
    entered = plain.get("entered_score")
    score = plain.get("score") if entered is None else entered
    comments = plain.get("submission_comments") or ()
    keys = (str(user.get(key) or "").strip().casefold() for key in _KEYS)
    return CanvasHas(
        user=int(plain["user_id"]),
        name=str(user.get("name") or ""),
        keys=frozenset(filter(None, [*keys, str(plain["user_id"])])),
        score=None if score is None else Fraction(str(score)),
        excused=bool(plain.get("excused")),
        comments=tuple(str(each.get("comment") or "") for each in comments),
    )


def changes_of(
    intents: Sequence[CanvasIntent], users: Sequence[CanvasHas], handover: Handover
) -> list[CanvasChange]:
    """What is to be sent; whoever cannot be found for sure is put down in `handover`."""
    by_key: defaultdict[str, list[CanvasHas]] = defaultdict(list)
    for user in users:
        for key in user.keys:
            by_key[key].append(user)
    found: defaultdict[int, list[CanvasChange]] = defaultdict(list)
    for intent in intents:
        keys = [each.strip().casefold() for each in intent.identifiers]
        those = {user.user: user for key in keys for user in by_key.get(key, ())}
        several = list(those.values())
        if not several:
            handover.leave_out(intent.student, UNKNOWN)
        elif len(several) > 1:
            handover.notes.append(
                f"{intent.student} may be {' or '.join(_called(user) for user in several[:4])} of Canvas: left out."
            )
        elif not _share_a_word(intent.name, several[0].name):
            handover.notes.append(
                f"{intent.student} is {intent.name} here, and {_called(several[0])} in Canvas: left out."
            )
        else:
            found[several[0].user].append(change_of(intent, several[0]))
    for changes in found.values():
        if len(changes) > 1:
            students = " and ".join(each.intent.student for each in changes)
            handover.notes.append(
                f"{students} are both {_called(changes[0].has)} of Canvas: left out."
            )
    return [changes[0] for changes in found.values() if len(changes) == 1]


def change_of(intent: CanvasIntent, has: CanvasHas) -> CanvasChange:
    """What of an intent Canvas has not got yet."""
    change = CanvasChange(intent, has)
    if intent.excuse:
        return replace(change, excuse=not has.excused)
    there = {_folded(comment) for comment in has.comments}
    is_graded = not has.excused and has.score == Fraction(intent.grade)
    return replace(
        change,
        grade="" if is_graded else intent.grade,
        comment="" if _folded(intent.comment) in there else intent.comment,
    )


def _folded(comment: str) -> str:
    """A comment by its words alone: services rewrite white space and the ends of lines."""
    return " ".join(comment.split())


def _called(user: CanvasHas) -> str:
    return f"{user.name} ({user.user})" if user.name else str(user.user)


def _share_a_word(one: str, other: str) -> bool:
    words, others = _words(one), _words(other)
    same = words & others or spellings(one) & spellings(other)
    return not words or not others or bool(same)


def _words(name: str) -> set[str]:
    """The words of a name, without diacritics."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    return set(re.findall(r"\w+", plain.casefold()))


def shown_grade(change: CanvasChange) -> str:
    """A change of the grade in words, such as `6 → 7`; empty where there is none."""
    before = "excused" if change.has.excused else "–"
    if change.has.score is not None and not change.has.excused:
        before = typed(change.has.score)
    if change.excuse:
        return f"{before} → excused"
    return f"{before} → {change.grade}" if change.grade else ""
