"""What Moodle, Canvas, Blackboard and Brightspace call what a student has handed in, in the names of folders and files.

Moodle        Ada Lind_5000_assignsubmission_file_/ or …_onlinetext_/; without folders …_file_my_linear.py
Canvas        lindada_70000_1_my_linear.py, also with LATE_ before a number or the name of the file
Blackboard    Lab 1_alind_attempt_2026-11-20-13-00-00_my_linear.py, and a receipt …_attempt_2026-11-20-13-00-00.txt
Brightspace   12345-67890 - Ada Lind - Nov 20, 2026 130 PM/, or the same with - my_linear.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

_MOODLE = re.compile(
    r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)(?:_(?P<file>.*))?",
    re.DOTALL,
)
_CANVAS = re.compile(
    r"(?P<who>[^_]+)_(?P<late>LATE_)?(?P<user>\d+|(?<=anon_)\w+?)_(?P<number>\d+)_(?P<also>LATE_)?(?P<file>.+)",
    re.DOTALL,
)
_BLACKBOARD = re.compile(
    r"(?P<head>.+)_attempt_(?P<when>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)(?:_(?P<file>.+)|(?P<receipt>\.txt))",
    re.DOTALL,
)
_RECEIPT = re.compile(r"Name: (?P<name>.+) \((?P<login>[^()]+)\)")
_BRIGHTSPACE = re.compile(
    r"(?P<first>\d+)-(?P<second>\d+) ?- ?(?P<who>\S.*?) ?- (?P<when>[^-]*\b\d{4}\b[^-]*?)(?: - (?P<file>.+))?",
    re.DOTALL,
)
_WRITTEN_TIME = re.compile(
    r"(?:(?P<month>[A-Za-z]{3})[a-z]*\.? (?P<day>\d{1,2})|(?P<day2>\d{1,2}) (?P<month2>[A-Za-z]{3})[a-z]*\.?),? "
    r"(?P<year>\d{4}),? (?P<hour>\d{1,2}?)[:.]?(?P<minute>\d\d)(?: ?(?P<half>[AP])M)?"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_RESUBMITTED = re.compile(r"-(\d+)(?=\.\w+$)")
_OLDER = "earlier/"  # where files lie that were handed in again under the same name


@dataclass(frozen=True, slots=True)
class ToldByName:
    """What the name of a folder or a file tells.

    Attributes:
        hand_in: what belongs to one hand-in has the same.
        aliases: what names the student, the surest first.
        file: the name that the student gave to the file; empty for a folder.
        name: the student's.
        numbered: how many of the aliases are the service's own number.
        receipt: whether the service wrote the file itself.
        longer: what may name the student and begins earlier than the first alias, the longest first.
    """

    hand_in: tuple[str, ...]
    aliases: tuple[str, ...]
    file: str = ""
    name: str = ""
    when: datetime | None = None
    late: bool = False
    numbered: int = 0
    receipt: bool = False
    longer: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def told_by_names(
    names: Sequence[str], read: Callable[[str], str] = lambda name: ""
) -> dict[str, ToldByName]:
    """Of the names in a folder, what each tells; those that no service wrote are not in it.

    Args:
        read: the beginning of a file's text, for the receipts that Blackboard adds; empty where it cannot be read.
    """
    told: dict[str, ToldByName] = {}
    for services in (_moodle, _blackboard(names, read), _brightspace(names), _canvas):
        for name in names:
            if name not in told and (found := services(name)):
                told[name] = found
    return dict(_without_same_names(told))


def _moodle(name: str) -> ToldByName | None:
    match = _MOODLE.fullmatch(name)
    if match is None:
        return None
    number, who = match["number"], match["who"]
    named = "" if who == "Participant" else who  # where names are kept from who grades
    aliases = number, f"Participant {number}", *filter(None, [named]), *_without_group(named)
    key = "Moodle", number, match["kind"]
    return ToldByName(key, aliases, match["file"] or "", named, numbered=2)


def _without_group(named: str) -> Iterator[str]:
    """`Ada Lind` of `Group A-Ada Lind`, as Moodle writes it where students work in groups; the shortest last.

    What stands behind a hyphen may be half of a family's name as well: alone, it is nobody's.
    """
    for place in (match.end() for match in re.finditer("-", named)):
        rest = named[place:].strip()
        if " " in rest or not rest.isascii():
            yield rest


def _canvas(name: str) -> ToldByName | None:
    match = _CANVAS.fullmatch(name)
    if match is None:
        return None
    user, who, file = match["user"], match["who"], match["file"]
    # a number that the service added, `my_linear-1.py`, is not part of the name
    late = bool(match["late"] or match["also"])
    plain = _RESUBMITTED.sub("", file)
    return ToldByName(("Canvas", user), (user, who), plain, who, late=late, numbered=1)


def _blackboard(
    names: Sequence[str], read: Callable[[str], str]
) -> Callable[[str], ToldByName | None]:
    matches = {name: match for name in names if (match := _BLACKBOARD.fullmatch(name))}
    heads = sorted({match["head"] for match in matches.values()})
    people = {
        match["head"]: found
        for name, match in matches.items()
        if match["receipt"] and (found := _RECEIPT.match(read(name).lstrip("\ufeff")))
    }
    # an assignment and a login may both have a `_`: what is the same in all is the assignment's
    same = _common_part(heads)

    def told(name: str) -> ToldByName | None:
        match = matches.get(name)
        if match is None:
            return None
        head, person = match["head"], people.get(match["head"])
        login = head[same:] if same else head.rpartition("_")[2]
        # an underline of the login may have been taken for that before it; the class list knows the longer one
        parts = head.split("_")
        longer = ("_".join(parts[start:]) for start in range(1, len(parts)))
        tails = [tail for tail in longer if len(tail) > len(login)]
        called = ""
        if person and head.endswith(person["login"].strip()):
            login, called, tails = person["login"].strip(), person["name"].strip(), []
        when = None
        with suppress(ValueError, OverflowError, OSError):
            when = datetime.strptime(match["when"], "%Y-%m-%d-%H-%M-%S").astimezone()
        file = match["file"] or "receipt.txt"
        key = "Blackboard", login, match["when"]
        aliases = login, *filter(None, [called])
        return ToldByName(
            *(key, aliases, file, called, when), receipt=bool(match["receipt"]), longer=tuple(tails)
        )

    return told


def _common_part(heads: Sequence[str]) -> int:
    """How many characters up to a `_` all have in common; 0 where there is one alone."""
    if len(heads) < 2:
        return 0
    pairs = zip(min(heads), max(heads), strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return heads[0].rfind("_", 0, same) + 1


def _brightspace(names: Sequence[str]) -> Callable[[str], ToldByName | None]:
    matches = {name: match for name in names if (match := _BRIGHTSPACE.fullmatch(name))}
    people = {match["who"] for match in matches.values()}
    # one of the two numbers is the student's, and the other one the assignment's
    one = len({match["first"] for match in matches.values()}) == 1 and len(people) > 1
    number = "second" if one else "first"

    def told(name: str) -> ToldByName | None:
        match = matches.get(name)
        if match is None:
            return None
        when = _written_time(match["when"])
        notes = (f"It is not known when it was handed in: {match['when']!r} is no time.",)
        key = "Brightspace", match[number], match["when"]
        aliases = match[number], match["who"]
        return ToldByName(
            *(key, aliases, match["file"] or "", match["who"], when),
            numbered=1,
            notes=() if when else notes,
        )

    return told


def _written_time(text: str) -> datetime | None:
    """`Nov 20, 2026 130 PM`, in this machine's time zone, since the service's is not told."""
    match = _WRITTEN_TIME.fullmatch(text.strip())
    if match is None:
        return None
    try:
        month = _MONTHS.index((match["month"] or match["month2"]).lower()) + 1
        hour = int(match["hour"])
        if match["half"]:
            hour = hour % 12 + 12 * (match["half"] == "P")
        day = int(match["day"] or match["day2"])
        return datetime(int(match["year"]), month, day, hour, int(match["minute"])).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _without_same_names(told: dict[str, ToldByName]) -> Iterator[tuple[str, ToldByName]]:
    """Where a hand-in has two files of one name, the one with the highest number keeps it, and the others are older."""
    last: dict[tuple[tuple[str, ...], str], str] = {}
    for name, found in sorted(told.items(), key=lambda pair: _numbers(pair[0])):
        if found.file:
            last[found.hand_in, found.file] = name
    for name, found in told.items():
        if found.file and last[found.hand_in, found.file] != name:
            found = replace(found, file=f"{_OLDER}{name}/{found.file}")
        yield name, found


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,30}", name)]
