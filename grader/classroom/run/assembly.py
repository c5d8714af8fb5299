"""Which exercises of a class run: each one once for all who handed in the same, and none of which the result is kept.

    WantedReport: a student's report ──▶ Job: the exercises of it that run ──▶ outcome ──▶ all who wait for one of them

Nothing is shared or kept of an exercise that ended in a fault, or in which a check ran out of time: whoever waited for
it has it run for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from ...report import Report
from ...submission import Source
from .trouble import Trouble
from .worker import GradingOutcome

_TRIES = 3  # of what is lost with a process each time


@dataclass(eq=False)
class WantedReport:
    """A report that is to be made of the results of its exercises.

    Attributes:
        student: whose it is; empty for the submission with nothing in it, which tells what can be reached.
        key, digest: of the report, as the gradebook has them.
        keys: exercise → the key of its result, in the report's order.
        sources: exercise → what was handed in for it.
        results: exercise → a report of it alone, as far as it is known.
        troubles: why there will be no report.
        ran: how many exercises were run for it.
        seconds: that this took.
    """

    student: str
    key: str
    digest: str
    keys: Mapping[str, str]
    sources: Mapping[str, Source]
    results: dict[str, Report] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    ran: int = 0
    seconds: float = 0.0
    open: set[str] = field(default_factory=set)  # exercises of which nothing is known yet

    @property
    def in_order(self) -> dict[str, Report]:
        """The results in the report's order."""
        return {name: self.results[name] for name in self.keys}

    @property
    def is_of_one_environment(self) -> bool:
        """Whether one report can tell of all its results where they come from."""
        first, *others = self.results.values()
        return all(
            (each.environment, each.language) == (first.environment, first.language)
            for each in others
        )


@dataclass(frozen=True, eq=False)
class Job:
    """Exercises of one submission that are run in one go; `tries` counts this one too."""

    wanted: WantedReport
    exercises: tuple[str, ...]
    tries: int = 1


class Assembly:
    """The jobs of a run. An iterator that may go on after its end: an outcome may bring another job.

    Args:
        wanted: the reports, one by one; the next is asked for when there is capacity for it.
        recall: gives, of some keys, the results that are kept.
        keep: is given results by key as soon as they are there.
        done: is given each report's `WantedReport` once all its results, or its troubles, are there.
        alone: run every exercise of everyone, whatever is kept or runs for another.
    """

    def __init__(
        self,
        wanted: Iterator[WantedReport],
        recall: Callable[[Iterable[str]], Mapping[str, Report]],
        keep: Callable[[Mapping[str, Report]], None],
        done: Callable[[WantedReport], None],
        alone: bool = False,
    ) -> None:
        self._wanted = wanted
        self._recall = recall
        self._keep = keep
        self._done = done
        self._alone = alone
        self._again: deque[Job] = deque()
        self._waiting: dict[
            str, list[WantedReport]
        ] = {}  # key of a result that a job will bring → for whom

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Job:
        for wanted in self._wanted:
            if job := self._begun(wanted):
                return job
        if not self._again:
            raise StopIteration
        return self._again.popleft()

    def take(self, job: Job, outcome: GradingOutcome) -> None:
        """Takes what came of a job: for its own report, and for all who wait for a result of it."""
        found = _results(outcome, job.exercises)
        certain = {name: report for name, report in found.items() if not _is_out_of_time(report)}
        self._keep({job.wanted.keys[name]: report for name, report in certain.items()})
        job.wanted.ran += len(found)
        job.wanted.seconds += outcome.seconds
        for name, report in found.items():
            key = job.wanted.keys[name]
            if name in certain:
                for waiting in self._waiting.pop(key, ()):
                    self._arrived(waiting, name, report)
            else:
                self._run_for_the_next(key, name)
            self._arrived(job.wanted, name, report)
        self._failed(job, outcome, [name for name in job.exercises if name not in found])

    def _begun(self, wanted: WantedReport) -> Job | None:
        """What has to run for a report now; `None` where all is there, or runs for somebody else."""
        wanted.open = set(wanted.keys)
        known = {} if self._alone else self._recall(wanted.keys.values())
        run = []
        for name, key in wanted.keys.items():
            if key in known:
                self._arrived(wanted, name, known[key])
            elif not self._alone and key in self._waiting:
                self._waiting[key].append(wanted)
            else:
                self._waiting[key] = []
                run.append(name)
        return Job(wanted, tuple(run)) if run else None

    def _arrived(self, wanted: WantedReport, name: str, report: Report) -> None:
        wanted.results[name] = report
        wanted.open.discard(name)
        self._finish(wanted)

    def _failed(self, job: Job, outcome: GradingOutcome, names: list[str]) -> None:
        """What was lost with a process is tried again when the others are done; a check would fail again."""
        lost = {each.exercise for each in outcome.troubles if each.kind == "lost"}
        retried = [name for name in names if job.tries < _TRIES and {name, ""} & lost]
        if retried:
            self._again.append(replace(job, exercises=tuple(retried), tries=job.tries + 1))
        given_up = [name for name in names if name not in retried]
        if not given_up:
            return
        told = [each for each in outcome.troubles if each.exercise in ("", *given_up)]
        job.wanted.troubles += told
        for name in given_up:
            self._run_for_the_next(job.wanted.keys[name], name)
        job.wanted.open -= set(given_up)
        self._finish(job.wanted)

    def _run_for_the_next(self, key: str, name: str) -> None:
        """Has an exercise run for the first who waits for a result of this key; the others go on waiting."""
        if waiting := self._waiting.pop(key, []):
            self._waiting[key] = waiting[1:]
            self._again.append(Job(waiting[0], (name,)))

    def _finish(self, wanted: WantedReport) -> None:
        if wanted.open:
            return
        if wanted.troubles or wanted.is_of_one_environment:
            self._done(wanted)
            return
        wanted.results.clear()
        wanted.open = set(wanted.keys)
        self._again.append(Job(wanted, tuple(wanted.keys)))


def _is_out_of_time(report: Report) -> bool:
    """Whether the clock had a say in it: on a machine that is less busy, it may be another result."""
    return any(check.status == "timeout" for each in report.exercises for check in each.checks)


def _results(outcome: GradingOutcome, exercises: Iterable[str]) -> dict[str, Report]:
    """Exercise → a report of it alone, of those that were judged."""
    if outcome.report is None:
        return {}
    judged = {each.name: each for each in outcome.report.exercises if not each.is_fault}
    return {
        name: replace(outcome.report, submission="", exercises=(judged[name],))
        for name in exercises
        if name in judged
    }
