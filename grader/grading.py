"""The corridor: a submission goes in, a `Report` comes out.

    submission ──▶ sandbox child ──plain tensors──▶ checks compare with autograd ──▶ Report

The trusted process draws the inputs, works out the reference and compares; the student's code runs elsewhere.
"""

from __future__ import annotations

import atexit
import gc
import os
import platform
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import language as languages
from .assignment import Terms
from .catalog import Course, CourseError, Exercise, load_course
from .language import _
from .report import CheckResult, Environment, ExerciseResult, ExerciseStatus, Report, Violation
from .rules import by_hand, seen_at_run_time, violations
from .sandbox import Limits, Sandbox
from .submission import Source, Submission, is_stub, read_submission
from .translation import title_of

if TYPE_CHECKING:
    from .cases import Check
    from .workbench import Workbench

_CUDA_SECONDS = 30
# what every machine has; `cuda` is there to be asked for
DEVICES = ("cpu", "sim")
# what torch imports when something is used for the first time: 1 s for an optimizer (by its class or by `getattr`; not
# its name alone, in a comment or a rule), 0.2 s for a backward pass that starts from given gradients
_LATE_IMPORTS = {
    "torch._dynamo": re.compile(r"\boptim(\.[A-Z]|,| import )"),
    "torch.fx.experimental.symbolic_shapes": re.compile(
        r"\bgrad_outputs\b|\.backward\((g\)|grad|torch\.)"
    ),
}


def grade(
    submission: Submission | str | os.PathLike[str],
    exercises: Sequence[str] = (),
    *,
    course: Course | None = None,
    terms: Terms | None = None,
    sandbox: Sandbox | None = None,
    limits: Limits | None = None,
    devices: Sequence[str] = DEVICES,
    gpu: Sandbox | None = None,
    seed: int | None = None,
    first_failure: bool = False,
    progress: Callable[[str], None] | None = None,
    language: str | None = None,
) -> Report:
    """Grades a submission.

    Args:
        submission: what to grade, or the path of a file or folder to read it from.
        exercises: names; by default every exercise that the submission holds.
        course: where exercises and checks come from; by default the built-in course.
        terms: of an assignment, which say what runs and what it is worth; they bring their own course, and without
            `exercises`, all of the assignment's are graded, also those that were not handed in.
        sandbox: a running sandbox to use again; by default one is started for this call.
        limits: bounds on the student's code, for a sandbox that is started here; by default the course's.
        devices: where to run it: `cpu` always, and `sim` (the simulated accelerator) and `cuda` where they are named
            and there. The report says which of them were not.
        gpu: a running sandbox for `cuda` to use again.
        seed: of the inputs. By default it follows from the exercise's source text: the same file gives the same
            report, and a table of right answers in the file changes the inputs that it is a table for.
        first_failure: leave an exercise's checks at the first one that does not pass; for whoever only asks
            whether all do.
        progress: is called with the name of each exercise before it is graded.
        language: of the report's texts; by default the one in use, English at first.

    Raises:
        ValueError: if `language` is none that the grader speaks.
        SubmissionError: if there is nothing to grade.
        CourseFault: if the checks themselves are at fault.
    """
    if language not in (None, *languages.languages()):
        known = ", ".join(languages.languages())
        raise ValueError(f"The grader does not speak {language!r}. It speaks {known}.")
    with ExitStack() as stack:
        # before the rest: it imports torch at the same time as this process does
        course = terms.course if terms else course or load_course()
        sandbox = sandbox or stack.enter_context(Sandbox(limits or limits_of(course)))
        if "cuda" in devices:
            gpu = gpu or stack.enter_context(gpu_sandbox(limits or sandbox.limits))
        languages.learn(course.folder)
        stack.enter_context(languages.speaking(language or languages.current()))
        if not isinstance(submission, Submission):
            submission = read_submission(Path(submission), course, exercises)
        stack.enter_context(_torch_as_it_comes())
        named = exercises or (terms.names if terms else submission.wanted) or (*submission.sources,)
        for name in named[:1]:
            _collect(course[name], devices)  # while the sandbox still starts
        here = environment(sandbox, devices, gpu)
        results = []
        for name in named:
            if progress:
                progress(name)
            source = submission.sources.get(name)
            only = terms.checks(name) if terms else None
            results.append(
                _grade_exercise(
                    course[name],
                    source,
                    sandbox,
                    gpu if "cuda" in here.devices else None,
                    here.devices,
                    seed,
                    first_failure,
                    only,
                )
            )
        report = Report(submission.name, tuple(results), here, language=languages.current())
        return terms.apply(report) if terms else report


def gpu_sandbox(limits: Limits | None = None) -> Sandbox:
    """A sandbox for `cuda`. Its children start CUDA and load its libraries themselves, which takes seconds."""
    limits = limits or Limits()
    longer = replace(
        limits,
        import_seconds=limits.import_seconds + _CUDA_SECONDS,
        call_seconds=limits.call_seconds + _CUDA_SECONDS,
        exercise_seconds=limits.exercise_seconds + 2 * _CUDA_SECONDS,
    )
    return Sandbox(longer, device="cuda")


def limits_of(course: Course) -> Limits:
    """The default limits, with what the course's `[limits]` says instead.

    Raises:
        CourseError: if it names something else, or gives no positive number.
    """
    known = vars(Limits())
    for name, value in course.limits.items():
        if name not in known:
            told = _("[limits] has no {name!r}. It may have: {known}").format(
                name=name, known=", ".join(known)
            )
        elif isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            told = _("[limits] {name} must be a positive number").format(name=name)
        else:
            continue
        raise CourseError(f"{course.folder / 'course.toml'}: {told}.")
    return Limits(**{name: type(known[name])(value) for name, value in course.limits.items()})


def warm_up() -> None:
    """Imports what the first grading would import, torch above all; a sandbox that starts meanwhile does the same."""
    gc.disable()  # importing makes no garbage, and looking for it takes a sixth of the time
    from . import cases, runner  # noqa: F401

    gc.freeze()
    gc.enable()
    atexit.register(gc.freeze)  # nor does the end of the process look through all of torch: 0.3 s


@contextmanager
def _torch_as_it_comes() -> Iterator[None]:
    """Torch's global settings as they are at first, whatever the caller (a notebook, say) has made of them."""
    import torch

    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    threads = torch.get_num_threads()
    exact: list[Any] = [torch.backends.cuda.matmul, torch.backends.cudnn]
    short = [backend.allow_tf32 for backend in exact]  # 10 bits of mantissa instead of 23
    try:
        with torch.random.fork_rng(devices=[]):
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(True)
            # as in the sandbox; for tensors as small as these, threads only wait for each other
            torch.set_num_threads(1)
            for backend in exact:
                backend.allow_tf32 = False
            yield
    finally:
        for backend, before in zip(exact, short, strict=True):
            backend.allow_tf32 = before
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        torch.set_num_threads(threads)


def environment(
    sandbox: Sandbox, devices: Sequence[str] = DEVICES, gpu: Sandbox | None = None
) -> Environment:
    """Where this process grades, what `sandbox` was seen to keep, and which of the devices are there."""
    import torch

    absent = {}
    for device in dict.fromkeys(devices):
        if device not in (*DEVICES, "cuda"):
            absent[device] = _("there is no such device")
        elif device != "cpu":
            place = gpu if device == "cuda" else sandbox
            absent[device] = place.absent(device) if place else _("it was not started")
    return Environment(
        python=platform.python_version(),
        torch=str(torch.__version__),  # a class of torch's, which a report is not to bring along
        devices=("cpu", *(device for device, why in absent.items() if not why)),
        isolation=tuple(layer.name for layer in sandbox.layers() if layer.on),
        absent=tuple(f"{device}: {why}" for device, why in absent.items() if why),
    )


def _grade_exercise(
    exercise: Exercise,
    source: Source | None,
    sandbox: Sandbox,
    gpu: Sandbox | None,
    devices: Sequence[str],
    seed: int | None,
    first_failure: bool,
    only: Collection[str] | None = None,
) -> ExerciseResult:
    if only is not None and not only:
        return _not_for_students(exercise, source)
    from .places import place_of
    from .runner import run_checks
    from .student import seed_of
    from .workbench import Workbench

    if seed is None:
        seed = seed_of(exercise.name, source.digest if source else "")
    with ExitStack() as stack:
        bench = on_gpu = None
        if source is not None:
            preload = _preload(exercise, source)
            bench = Workbench(
                exercise.name,
                source,
                sandbox,
                preload,
                lambda probe: not probe.differentiates and by_hand(exercise, probe.called),
            )
            stack.enter_context(closing(bench))
            if gpu:
                # to import these does not touch CUDA, which would not survive the fork
                on_gpu = Workbench(exercise.name, source, gpu, preload)
                stack.enter_context(closing(on_gpu))
        collected = _collect(exercise, devices)
        checks = run_checks(collected, bench, seed, on_gpu, only, first_failure)
    if source is not None:
        checks = tuple(
            replace(check, place=place_of(source, collected[check.name].description))
            if check.status in ("failed", "timeout")
            else check
            for check in checks
        )
    broken = _violations(exercise, source, bench) if source and bench else []
    if broken:
        checks = tuple(replace(check, score=0) for check in checks)
    problem = bench.load_problem if bench else ""
    status, message = _summary(exercise, source, problem, checks)
    if broken and status != "error":
        status, message = "failed", _("No points: {reason}").format(reason=broken[0].message)
    return ExerciseResult(
        name=exercise.name,
        title=title_of(exercise),
        score=sum(check.score for check in checks),
        max_score=sum(check.points for check in checks),
        status=status,
        message=message,
        violations=tuple(broken),
        checks=checks,
        seed=seed,
    )


def _not_for_students(exercise: Exercise, source: Source | None) -> ExerciseResult:
    """An exercise all of whose checks are kept back: there is nothing to run."""
    status: ExerciseStatus = "not_attempted" if source else "missing"
    message = _("Only your instructor runs its checks.")
    return ExerciseResult(exercise.name, title_of(exercise), 0, 0, status, message)


def _violations(exercise: Exercise, source: Source, bench: Workbench) -> list[Violation]:
    """What the source shows; where it shows nothing, what the run showed."""
    return violations(exercise, source.programs) or [
        seen_at_run_time(exercise, source.programs, probe.called, what)
        for probe, what in bench.differentiated[:1]
    ]


def _collect(exercise: Exercise, devices: Sequence[str]) -> dict[str, Check]:
    from .cases import collect

    return collect((exercise.checks, *exercise.more_checks), devices)


def _preload(exercise: Exercise, source: Source) -> tuple[str, ...]:
    """Modules that an exercise's probes, or the student's code, have torch import in every child otherwise."""
    texts = exercise.checks.read_text(encoding="utf-8"), *source.programs
    return tuple(name for name, use in _LATE_IMPORTS.items() if any(map(use.search, texts)))


def _summary(
    exercise: Exercise, source: Source | None, problem: str, checks: Sequence[CheckResult]
) -> tuple[ExerciseStatus, str]:
    """The exercise's state and a sentence about it, from the states of its checks."""
    if source is None:
        told = _("There is no {file} in this submission.")
        return "missing", told.format(file=f"{exercise.name}.py")
    if problem:
        return "error", problem
    if any(check.status == "error" for check in checks):
        return "error", _(
            "The grader itself failed in a check; these points are not the last word."
        )
    states = {check.status for check in checks}
    if states == {"passed"}:
        return "passed", _("All points.")
    if is_stub(source, exercise) or states <= {"not_started", "not_reached", "skipped"}:
        return "not_attempted", _("Not started yet.")
    return ("partial" if any(check.score for check in checks) else "failed"), ""
