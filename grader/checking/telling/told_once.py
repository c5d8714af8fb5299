"""Where a student looks for what each check shows, and which checks show the same mistake: it is told once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ...report import CheckResult, Violation
from ...submission import Source
from .look_at import place_of


def told_once(
    checks: Sequence[CheckResult],
    descriptions: Mapping[str, str],
    mistakes: Mapping[str, str],
    violations: Sequence[Violation],
    source: Source,
) -> tuple[CheckResult, ...]:
    """The checks with their places, and those that show the mistake of one before them with its name.

    They show the same where one line of the student's raised the same or broke a rule, where one cause explains both
    at one place, or where both have the same to say.

    Args:
        descriptions: the name of a check → its sentence, in English.
        mistakes: the name of a check → as `ChecksRun` has it.
        violations: of rules, with the checks whose points they cost.
    """
    first: dict[tuple[str, ...], str] = {}
    told = []
    for check in _placed(checks, descriptions, violations, source):
        if check.went_wrong:
            broken = _broken(check, violations)
            key = broken or _key(check, mistakes.get(check.name, ""))
            anywhere = (*key[:-1], "")
            # where a check names no definition, one cause is one mistake
            known = first.setdefault(key, check.name)
            name = known if check.place or broken else first.get(anywhere, known)
            first.setdefault(anywhere, name)
            check = replace(check, same_as=name if name != check.name else "")
        told.append(check)
    return tuple(told)


def _placed(
    checks: Sequence[CheckResult],
    descriptions: Mapping[str, str],
    violations: Sequence[Violation],
    source: Source,
) -> Iterator[CheckResult]:
    """Each check that failed with its place: the line that raised, or where what it asks for is defined.

    A description that begins with an ellipsis goes on with the one before. The line that broke a rule is in the
    message.
    """
    begun = ""
    for check in checks:
        description = descriptions[check.name]
        begun = begun if description.startswith("...") else description
        if check.went_wrong and not check.place and not _broken(check, violations):
            # the function or class that is told of, and else what the check is about
            named = [f"`{name}`" for name in re.findall(r"\b\w+(?=\()", check.message)]
            texts = *named, description, begun
            place = next(filter(None, (place_of(source, text) for text in texts)), "")
            check = replace(check, place=place)
        yield check


def _broken(check: CheckResult, violations: Sequence[Violation]) -> tuple[str, ...]:
    """Equal for checks whose points one line cost; empty where none did, or where the line is not known."""
    for violation in violations:
        if check.name in violation.checks and violation.line:
            return "rule", violation.rule, str(violation.line)
    return ()


def _key(check: CheckResult, mistake: str) -> tuple[str, ...]:
    if mistake:
        return "raised", mistake
    if check.cause_id:
        return "cause", check.cause_id, check.cause, check.place
    return "message", check.message, check.place
