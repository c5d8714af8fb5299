"""The rules "by hand" and "from scratch": what a probe is watched for, and what becomes of what was seen.

    Probe ──watched_for──▶ Session ──▶ Sighting: this check, this probe, this name
                                          │
    source_scan: which line it may be ────┴──judged──▶ CheckResult without its points, Violation

A rule costs the points of the checks whose probes were seen to break it, and of no other: what a text looks like costs
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..course.catalog import Exercise
from ..errors import UnreadableError
from ..language import N_, _
from ..report import CheckResult, Violation
from ..submission import Source
from ..submission.bounded import bounded
from ..text import clean, either, line_of
from .source.source_scan import Found, Scan, first_line_of

if TYPE_CHECKING:
    from .probes import Probe

BY_HAND, FROM_SCRATCH = "by hand", "from scratch"
_SENTENCES = {
    BY_HAND: N_("{code} had torch differentiate (it reports `{what}`), which is not allowed here."),
    FROM_SCRATCH: N_("{code} had `{what}` do the work, which is not allowed here."),
}
_ADVICE = {
    BY_HAND: N_("Write the derivative out yourself; every other function of torch is allowed."),
    FROM_SCRATCH: N_("Write it yourself, from simpler operations."),
}
_SHOWN = 80  # characters of a name in a message


@dataclass(frozen=True)
class Sighting:
    """What a probe was seen to do against a rule.

    Attributes:
        check: the name of the check that asked.
        device, dtype: of its case, as its `CaseResult` has them.
        called: the functions and classes of the student's that the probe names, with other names among them.
        rule: which rule.
        name: what ran, as torch or Python calls it.
    """

    check: str
    device: str | None
    dtype: str | None
    called: frozenset[str]
    rule: str
    name: str


@dataclass(frozen=True)
class Judgement:
    """The checks of an exercise after its rules, and what the rules have to say.

    Attributes:
        explained: what the scan found that was seen to run.
    """

    checks: tuple[CheckResult, ...]
    violations: tuple[Violation, ...] = ()
    explained: frozenset[Found] = frozenset()


def watched_for(exercise: Exercise, probe: Probe) -> dict[str, Any]:
    """What a probe is to be watched for, as a request says it: `{"by hand": true, "from scratch": [dotted names]}`.

    It is empty where no rule holds: the exercise has none, or one of the functions that the probe calls is excepted.
    """
    watched: dict[str, Any] = {}
    for rule, options in exercise.forbidden.items():
        if probe.called & set(options.get("except", ())):
            continue
        watched[rule] = list(options.get("names", ())) if rule == FROM_SCRATCH else True
    return watched


def judged(
    exercise: Exercise,
    source: Source,
    scan: Scan,
    checks: Sequence[CheckResult],
    sightings: Sequence[Sighting],
) -> Judgement:
    """Takes the points of the checks that were seen to break a rule.

    Args:
        exercise: whose graded names stand for what a probe calls where that is not known.
        scan: which lines of the source it may have been.
        checks: what came of the numbers.
    """
    told: dict[tuple[str, int, str], Violation] = {}
    results: list[CheckResult] = []
    explained: set[Found] = set()
    sightings = [_narrowed(exercise, each, sightings) for each in sightings]
    for check in checks:
        seen = _distinct(each for each in sightings if each.check == check.name)
        for sighting in seen:
            candidates = _candidates(exercise, scan, sighting)
            explained.update(candidates)
            violation = _violation(exercise, source, sighting, _best(candidates, sighting))
            key = violation.rule, violation.line, violation.message
            known = told.setdefault(key, violation)
            if check.name not in known.checks:
                told[key] = replace(known, checks=(*known.checks, check.name))
        if seen and check.status != "timeout":
            finding = _best(_candidates(exercise, scan, seen[0]), seen[0])
            check = _failed(check, seen, _sentence(exercise, source, seen[0], finding))
        results.append(check)
    return Judgement(tuple(results), tuple(told.values()), frozenset(explained))


def _narrowed(exercise: Exercise, sighting: Sighting, all_of_them: Sequence[Sighting]) -> Sighting:
    """The same of fewer functions, where another probe saw it of these alone: it is not known of the others."""
    alike = (
        each for each in all_of_them if (each.rule, each.name) == (sighting.rule, sighting.name)
    )
    called = (frozenset(_called(exercise, each)) for each in alike)
    some = [each for each in called if each and each <= sighting.called]
    return replace(sighting, called=min(some, key=len, default=sighting.called))


def _distinct(sightings: Iterable[Sighting]) -> list[Sighting]:
    """One of those that tell of the same rule, case and functions: a call of torch's has many names."""
    kept: dict[object, Sighting] = {}
    for each in sightings:
        kept.setdefault((each.rule, each.device, each.dtype, each.called), each)
    return list(kept.values())


def _failed(check: CheckResult, seen: Sequence[Sighting], message: str) -> CheckResult:
    where = {(each.device, each.dtype) for each in seen}
    cases = tuple(
        replace(case, status="failed")
        if case.status == "passed" and (case.device, case.dtype) in where
        else case
        for case in check.cases
    )
    plain = replace(check, cause="", cause_id="", place="", pictures=(), cases=cases)
    return replace(plain, status="failed", score=0, message=message)


def _candidates(exercise: Exercise, scan: Scan, sighting: Sighting) -> list[Found]:
    """The findings that the sighting may be about: of its rule, and reached by what was called."""
    called = _called(exercise, sighting) or exercise.entry_points
    found = [each for each in scan.findings if each.rule == sighting.rule]
    return [each for each in found if set(called) & set(each.reached)]


def _best(candidates: Iterable[Found], sighting: Sighting) -> Found | None:
    """The one that has the name that was seen; else the first that does something by itself; else the first."""
    last = sighting.name.replace("::", ".").rpartition(".")[2]
    ranked = sorted(
        candidates,
        key=lambda each: (not each.shown.strip("`").endswith(last), each.only_prepares),
    )
    return ranked[0] if ranked else None


def _violation(
    exercise: Exercise, source: Source, sighting: Sighting, finding: Found | None
) -> Violation:
    advice = _(_ADVICE[sighting.rule])
    if finding:
        what = finding.shown + (f" ({_(finding.about)})" if finding.about else "")
        message = _("{what} is not allowed here.").format(what=what)
        return Violation(finding.line, sighting.rule, f"{message} {advice}")
    message = _said(exercise, sighting)
    line = _first_line(source, _called(exercise, sighting) or exercise.entry_points)
    return Violation(line, sighting.rule, f"{message} {advice}")


def _called(exercise: Exercise, sighting: Sighting) -> list[str]:
    return sorted(sighting.called & set(exercise.entry_points))


def _said(exercise: Exercise, sighting: Sighting, finding: Found | None = None) -> str:
    called = _called(exercise, sighting)
    if finding:
        called = [name for name in called if name in finding.reached]
    code = either(called) or _("Your code")
    shown = clean(sighting.name, _SHOWN).replace("\n", " ")
    return _(_SENTENCES[sighting.rule]).format(code=code, what=shown)


def _sentence(exercise: Exercise, source: Source, sighting: Sighting, finding: Found | None) -> str:
    """What a student reads of a check that was seen to break a rule: what, where, and what to do instead."""
    parts = [_said(exercise, sighting, finding)]
    if finding:
        cell = source.cells[finding.text]
        place = _("{file}, line {line}").format(file=cell.place, line=finding.line)
        line = line_of(cell.text.splitlines(), finding.line)
        parts.append(_("It was at {place}: `{line}`.").format(place=place, line=line))
    return " ".join([*parts, _(_ADVICE[sighting.rule])])


def _first_line(source: Source, names: Sequence[str]) -> int:
    try:
        return bounded(first_line_of, source.programs, names)
    except UnreadableError:
        return 1
