"""What a call of `grader grade` would change of what a gradebook was made with, and for whom.

A gradebook keeps its exercises, points, assignment, deadline, late policy, title, course and devices. A call that
leaves one of them out uses what is kept, and one that says otherwise has to say that it is meant. Where nobody has a
result yet that would be another one, as with a check of the instructor's that failed and was mended, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...course.assignment import AssignedCourse
from ...errors import ChangeError
from ..points import signed, total
from ..records import Record
from .late import LatePolicy, late_days
from .made_with import MadeWith, said_by
from .models import SubmissionRow
from .reader import Gradebook
from .settings import GradebookSettings

_NAMED = 5  # students, of those whom a change concerns


def completed(
    given: GradebookSettings, gradebook: Gradebook, assigned: AssignedCourse | None
) -> GradebookSettings:
    """The settings of a call: what is given, else what the gradebook keeps, else what the assignment says.

    Where the assignment says something else than when the gradebook was made, that goes before what is kept.
    """
    now = said_by(assigned)
    before = gradebook.made_with.said if gradebook.made_with else {}
    news = {name for name, value in now.items() if before.get(name) != value}
    exercises, deadline, policy = given.exercises, given.deadline, given.policy
    title = given.title
    if assigned:
        assignment = assigned.assignment
        if "exercises" in news:
            exercises = exercises or assigned.names
        if "deadline" in news:
            deadline = deadline or assignment.deadline
        if "late" in news:
            policy = policy or LatePolicy(**asdict(assignment.late))
        if "title" in news:
            title = title or assignment.title
    # the assignment had one, and has none now
    ended = bool(assigned and before.get("deadline")) and not now["deadline"] and deadline is None
    return GradebookSettings(
        title or gradebook.title,
        tuple(exercises or gradebook.exercises),
        None if ended else deadline or gradebook.deadline,
        policy,
        assigned.assignment.half_points if assigned else given.half_points,
        ended,
    )


def refuse_changes(gradebook: Gradebook, settings: GradebookSettings, made_with: MadeWith) -> None:
    """Lets a call pass that grades as the gradebook was made; into an empty gradebook, any.

    Args:
        settings: of the call, completed.
        made_with: what the call would grade with.

    Raises:
        ChangeError: if it would change anything; what, and for whom. Nothing is written.
    """
    if found := other_than_kept(gradebook, settings, made_with):
        raise ChangeError(
            f"This call would change what the gradebook was made with. {' '.join(found)} Nothing has been changed. "
            "Give --change if it is meant; else give what the gradebook was made with."
        )


def other_than_kept(
    gradebook: Gradebook, settings: GradebookSettings, made_with: MadeWith
) -> tuple[str, ...]:
    """What a call says otherwise than the gradebook was made with, and for whom: a sentence for each.

    Args:
        settings: of the call, completed.
        made_with: what the call would grade with.
    """
    if gradebook.new or not _handed_in(gradebook):
        return ()
    return (
        *_course(gradebook, made_with),
        *_assignment(gradebook, made_with),
        *_exercises(gradebook, settings),
        *_points(gradebook, settings, made_with),
        *_title(gradebook, settings),
        *_late(gradebook, settings),
        *_devices(gradebook, made_with),
    )


def settings_changed(gradebook: Gradebook, settings: GradebookSettings, now: MadeWith) -> list[str]:
    """What a call changes, for the history: each setting as it was and as it will be; nothing in a new gradebook.

    Args:
        settings: of the call, completed.
        now: what the call grades with.
    """
    if gradebook.new or not _handed_in(gradebook):
        return []
    exercises = settings.exercises or gradebook.exercises
    pairs = [
        ("title", gradebook.title, settings.title or gradebook.title),
        ("exercises", ", ".join(gradebook.exercises), ", ".join(exercises)),
        (
            "deadline",
            _time(gradebook.deadline),
            _time(settings.deadline_after(gradebook.deadline)),
        ),
        ("late days", _told(gradebook.policy), _told(settings.policy or gradebook.policy)),
    ]
    if before := gradebook.made_with:
        pairs += [
            ("course", before.course, now.course),
            ("assignment", before.assignment or "none", now.assignment or "none"),
            ("devices", ", ".join(before.devices), ", ".join(now.devices)),
        ]
        for name in exercises:
            old, new = before.points.get(name), now.points.get(name)
            if old and new:
                pairs.append((f"points of {name}", _worth(old), _worth(new)))
            if name in gradebook.exercises and before.hidden.get(name) != now.hidden.get(name):
                was, will = ("some" if made.hidden.get(name) else "none" for made in (before, now))
                will = "others" if was == will else will
                pairs.append((f"checks of {name} that are kept back", was, will))
    return [
        f"{what}: {old or 'the usual ones'} → {new or 'the usual ones'}"
        for what, old, new in pairs
        if old != new
    ]


def _worth(points: Mapping[str, int]) -> str:
    return ", ".join(f"{check} {n}" for check, n in sorted(points.items()))


def refuse_another_collected(gradebook: Gradebook, taken: str) -> None:
    """Lets a call pass that grades the same of nbgrader's assignments as before.

    Raises:
        ChangeError: if it is another one. Nothing is written.
    """
    before = gradebook.made_with.collected if gradebook.made_with else ""
    if taken and before and taken != before and _handed_in(gradebook):
        raise ChangeError(
            f"The gradebook is of nbgrader's assignment {before}, and this call would grade {taken}. Nothing has been "
            f"changed. Give `--collected {before}`, or a gradebook of its own for {taken}; --change if it is meant."
        )


def _handed_in(gradebook: Gradebook) -> bool:
    with gradebook.engine.connect() as connection, Session(connection) as session:
        return session.scalar(select(SubmissionRow.id).limit(1)) is not None


def _course(gradebook: Gradebook, now: MadeWith) -> Iterator[str]:
    before = gradebook.made_with
    if before and before.course != now.course and (anew := _anew(gradebook)):
        was = f"{before.course!r} in {before.course_folder} (--course)"
        yield f"Course: it was {was}, and would be {now.course!r}; {anew}."


def _assignment(gradebook: Gradebook, now: MadeWith) -> Iterator[str]:
    before = gradebook.made_with
    if before is None:
        return
    if before.assignment and not now.assignment:
        lost = ", and its checks that are kept back would count no more" if before.hidden else ""
        anew = _anew(gradebook) or "nobody has a result yet"
        yield (
            f"Assignment: it was {before.assignment}, and this call names none: its points would not hold{lost}; "
            f"{anew}. Give --assignment {before.assignment}."
        )
    elif now.assignment and not before.assignment:
        if anew := _anew(gradebook):
            yield f"Assignment: there was none, and it would be {now.assignment}; {anew}."
    elif differ := [
        name
        for name in gradebook.exercises
        if name in now.points and before.hidden.get(name, "") != now.hidden.get(name, "")
    ]:
        if anew := _anew(gradebook, differ):
            those = f"those of {_listed(differ)} are other ones than before"
            yield f"Checks that are kept back: {those}; {anew}."


def _exercises(gradebook: Gradebook, settings: GradebookSettings) -> Iterator[str]:
    before, now = gradebook.exercises, settings.exercises
    if not now or set(before) == set(now):
        return
    lost = [name for name in before if name not in now]
    text = f"Exercises: they were {', '.join(before)}, and would be {', '.join(now)}"
    if lost:

        def loses(record: Record) -> str:
            points = sum(
                each.score for each in record.report.exercises if each.name in lost
            ) if record.report else 0  # fmt: skip
            return f"−{points}" if points else ""

        def keeps(record: Record) -> str:
            points = total(each.points for each in record.adjustments if each.exercise in lost)
            return signed(points) if points else ""

        text += f"; {_concerned(gradebook, loses, f'lose points in {_listed(lost)}')}"
        by_hand = _concerned(gradebook, keeps, f"keep what was given by hand in {_listed(lost)}")
        text += "" if by_hand.startswith("nobody") else f"; {by_hand}"
    if new := [name for name in now if name not in before]:
        text += f"; {_listed(new)} would be graded of {_people(_count(gradebook))}"
    yield f"{text}."


def _points(gradebook: Gradebook, settings: GradebookSettings, now: MadeWith) -> Iterator[str]:
    before = gradebook.made_with
    for name, checks in now.points.items():
        if before is None:  # of an older grader, which kept the sums alone
            most, new = gradebook.max_scores.get(name), sum(checks.values())
            if most not in (None, new) and checks and (anew := _anew(gradebook, [name])):
                yield f"Points: {name} was worth {most} points, and would be worth {new}; {anew}."
            continue
        old = before.points.get(name)
        if old is None or old == checks or name not in settings.exercises:
            continue
        what = f"{sum(old.values())} points, and would be worth {sum(checks.values())}"
        if sum(old.values()) == sum(checks.values()):
            differ = sorted(
                check for check in {*old, *checks} if old.get(check) != checks.get(check)
            )
            what = f"other points in {_listed(differ)}"
        if anew := _anew(gradebook, [name]):
            yield f"Points: {name} was worth {what}; {anew}."


def _title(gradebook: Gradebook, settings: GradebookSettings) -> Iterator[str]:
    if gradebook.made_with and settings.title and settings.title != gradebook.title:
        yield f"Title: it was {gradebook.title!r}, and would be {settings.title!r}."


def _late(gradebook: Gradebook, settings: GradebookSettings) -> Iterator[str]:
    deadline = settings.deadline_after(gradebook.deadline)
    policy = settings.policy or gradebook.policy
    news = []
    if deadline != gradebook.deadline:
        news.append(f"Deadline: it was {_time(gradebook.deadline)}, and would be {_time(deadline)}")
    if policy != gradebook.policy:
        news.append(
            f"Late days: they cost {_told(gradebook.policy)}, and would cost {_told(policy)}"
        )
    if not news:
        return
    own = gradebook.deadlines()

    def changed(record: Record) -> str:
        if record.report is None or record.score is None:
            return ""
        due = own.get(record.student.id, deadline)
        late = late_days(record.submitted, due)
        closes = policy.closes(due)
        until = gradebook.policy.closes(own.get(record.student.id, gradebook.deadline))
        sooner = closes and (until is None or closes < until)
        if closes and sooner and record.commit and record.submitted and record.submitted > closes:
            return f"{record.score} → what was there on {_time(closes)}"
        penalty = policy.penalty(late, record.report.score, record.max_score)
        by_hand = sum(each.points for each in record.adjustments)
        score = max(0, record.report.score - penalty + by_hand)
        return f"{record.score} → {score}" if score != record.score else ""

    text = _concerned(gradebook, changed, "have another score")
    if policy.closes(deadline) != gradebook.policy.closes(gradebook.deadline):
        text += "; of repositories, another commit may count"
    yield f"{'. '.join(news)}; {text}."


def _devices(gradebook: Gradebook, now: MadeWith) -> Iterator[str]:
    before = gradebook.made_with
    if before and before.devices != now.devices and (anew := _anew(gradebook)):
        old, new = (", ".join(each) or "the usual ones" for each in (before.devices, now.devices))
        yield f"Devices: they were {old}, and would be {new}; {anew}."


def _anew(gradebook: Gradebook, exercises: Sequence[str] = ()) -> str:
    """Who has a result in these exercises, or in any; empty where nobody has."""

    def graded(record: Record) -> str:
        there = record.report.exercises if record.report else ()
        return " " if any(not exercises or each.name in exercises for each in there) else ""

    text = _concerned(gradebook, graded, "be graded anew")
    return "" if text.startswith("nobody") else text


def _concerned(gradebook: Gradebook, how: Callable[[Record], str], what: str) -> str:
    """A number of students and the first of them, each with what `how` says; who is told nothing is left out."""
    count = 0
    names: list[str] = []
    for record in gradebook.records():
        if told := how(record):
            count += 1
            if len(names) < _NAMED:
                names.append(f"{record.student.name or record.student.id} {told}".strip())
    if not count:
        return f"nobody would {what}"
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return f"{_people(count)} would {what}: {', '.join(names)}{more}"


def _count(gradebook: Gradebook) -> int:
    with gradebook.engine.connect() as connection, Session(connection) as session:
        return len(session.scalars(select(SubmissionRow.student_id).distinct()).all())


def _people(count: int) -> str:
    return f"{count} student" + ("" if count == 1 else "s")


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _time(when: datetime | None) -> str:
    return f"{when.astimezone():%Y-%m-%dT%H:%M%z}" if when else "none"


def _told(policy: LatePolicy) -> str:
    unit = "%" if policy.percent else " points"
    text = f"{policy.points}{unit} a day" if policy.points else "nothing"
    if policy.points and policy.free_days:
        text += f" after {policy.free_days} free"
    if policy.accepted_days is not None:
        text += f", and all points after {policy.accepted_days}"
    return text
