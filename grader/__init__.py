"""An exercise suite for PyTorch basics and the grader that checks it.

    from grader import grade
    report = grade("submissions/ada")

What is public is in `__all__`: for scripts `grade` with what it takes, gives and raises, and for the authors of checks
what stands in them. Nothing here imports torch before it is used. To grade whole classes, see docs/gradebook.md.
"""

# Before `__main__` has taken the current folder out of `sys.path` nothing may be imported, not even `typing`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .checking.by_hand import around_a_step as around_a_step
    from .checking.by_hand import attentions as attentions
    from .checking.by_hand import checkpoint_causes as checkpoint_causes
    from .checking.by_hand import checkpoints as checkpoints
    from .checking.by_hand import drawn_graphs as drawn_graphs
    from .checking.by_hand import dropouts as dropouts
    from .checking.by_hand import early_stopping as early_stopping
    from .checking.by_hand import fitted_polynomials as fitted_polynomials
    from .checking.by_hand import in_parallel as in_parallel
    from .checking.by_hand import loaders as loaders
    from .checking.by_hand import normalizations as normalizations
    from .checking.by_hand import optimizer_steps as optimizer_steps
    from .checking.by_hand import other_functions as other_functions
    from .checking.by_hand import other_heads as other_heads
    from .checking.by_hand import other_terms as other_terms
    from .checking.by_hand import recorded_axes as recorded_axes
    from .checking.by_hand import residual_nets as residual_nets
    from .checking.by_hand import samplers as samplers
    from .checking.by_hand import slips as slips
    from .checking.by_hand import slopes as slopes
    from .checking.by_hand import soft_scores as soft_scores
    from .checking.by_hand import training_order as training_order
    from .checking.by_hand.training_order import Criterion as Criterion
    from .checking.by_hand.training_order import listen as listen
    from .checking.by_hand.training_order import order_causes as order_causes
    from .checking.by_hand.training_order import train_by_hand as train_by_hand
    from .checking.calls import called as called
    from .checking.drawing import backbones as backbones
    from .checking.drawing.drawn_functions import curve as curve
    from .checking.drawing.drawn_functions import landscape as landscape
    from .checking.drawing.drawn_models import network as network
    from .checking.expectations import expect as expect
    from .checking.expectations import expect_close as expect_close
    from .checking.filling import NotJudged as NotJudged
    from .checking.filling import applied as applied
    from .checking.filling import as_asked as as_asked
    from .checking.filling import fill as fill
    from .checking.filling import filled_within as filled_within
    from .checking.filling import held_by as held_by
    from .checking.filling import moved as moved
    from .checking.outcome import Cause as Cause
    from .checking.plugin import follows as follows
    from .checking.plugin import needs as needs
    from .checking.plugin import points as points
    from .checking.plugin import rounds as rounds
    from .checking.probes import helper as helper
    from .checking.probes import probe as probe
    from .checking.student import Draw as Draw
    from .checking.student import Student as Student
    from .checking.telling import explain as explain
    from .course.assignment import AssignedCourse as AssignedCourse
    from .course.assignment import Assignment as Assignment
    from .course.assignment_file import read_assignment as read_assignment
    from .course.catalog import Course as Course
    from .course.catalog import Exercise as Exercise
    from .course.catalog import load_course as load_course
    from .errors import AssignmentError as AssignmentError
    from .errors import CourseError as CourseError
    from .errors import CourseFault as CourseFault
    from .errors import DeviceError as DeviceError
    from .errors import Fault as Fault
    from .errors import GraderError as GraderError
    from .errors import InputError as InputError
    from .errors import SandboxLost as SandboxLost
    from .errors import SubmissionError as SubmissionError
    from .errors import UnsupportedVersion as UnsupportedVersion
    from .grading import grade as grade
    from .language import N_ as N_
    from .language import _ as _
    from .machines import Machines as Machines
    from .report import CaseResult as CaseResult
    from .report import CheckResult as CheckResult
    from .report import Environment as Environment
    from .report import ExerciseResult as ExerciseResult
    from .report import Picture as Picture
    from .report import Report as Report
    from .report import Violation as Violation
    from .sandbox.isolation.limits import Limits as Limits
    from .sandbox.wire.values import Received as Received
    from .submission.from_path import read_submission as read_submission
    from .submission.submission import Submission as Submission

_HOMES = {
    "AssignedCourse": "course.assignment",
    "Assignment": "course.assignment",
    "AssignmentError": "errors",
    "CaseResult": "report",
    "Cause": "checking.outcome",
    "CheckResult": "report",
    "Course": "course.catalog",
    "CourseError": "errors",
    "CourseFault": "errors",
    "Criterion": "checking.by_hand.training_order",
    "DeviceError": "errors",
    "Draw": "checking.student",
    "Environment": "report",
    "Exercise": "course.catalog",
    "ExerciseResult": "report",
    "Fault": "errors",
    "GraderError": "errors",
    "InputError": "errors",
    "Limits": "sandbox.isolation.limits",
    "Machines": "machines",
    "NotJudged": "checking.filling",
    "Picture": "report",
    "Received": "sandbox.wire.values",
    "Report": "report",
    "SandboxLost": "errors",
    "Student": "checking.student",
    "Submission": "submission.submission",
    "SubmissionError": "errors",
    "UnsupportedVersion": "errors",
    "Violation": "report",
    "applied": "checking.filling",
    "as_asked": "checking.filling",
    "around_a_step": "checking.by_hand.around_a_step",
    "attentions": "checking.by_hand.attentions",  # the module, as `backbones`
    "backbones": "checking.drawing.backbones",  # the module: what its probes use needs names of its own
    "called": "checking.calls",
    "checkpoint_causes": "checking.by_hand.checkpoint_causes",
    "checkpoints": "checking.by_hand.checkpoints",  # the module, as `backbones`
    "drawn_graphs": "checking.by_hand.drawn_graphs",  # the module, as `backbones`
    "dropouts": "checking.by_hand.dropouts",  # the module, as `backbones`
    "curve": "checking.drawing.drawn_functions",
    "early_stopping": "checking.by_hand.early_stopping",  # the module, as `backbones`
    "expect": "checking.expectations",
    "expect_close": "checking.expectations",
    "explain": "checking.telling.explain",  # the module: its causes are what checks name
    "fill": "checking.filling",
    "filled_within": "checking.filling",
    "fitted_polynomials": "checking.by_hand.fitted_polynomials",  # the module, as `backbones`
    "follows": "checking.plugin",
    "grade": "grading",
    "held_by": "checking.filling",
    "helper": "checking.probes",
    "in_parallel": "checking.by_hand.in_parallel",  # the module, as `explain`
    "landscape": "checking.drawing.drawn_functions",
    "listen": "checking.by_hand.training_order",
    "load_course": "course.catalog",
    "loaders": "checking.by_hand.loaders",  # the module, as `backbones`
    "moved": "checking.filling",
    "needs": "checking.plugin",
    "network": "checking.drawing.drawn_models",
    "normalizations": "checking.by_hand.normalizations",
    "optimizer_steps": "checking.by_hand.optimizer_steps",  # the modules, as `explain`
    "order_causes": "checking.by_hand.training_order",
    "other_functions": "checking.by_hand.other_functions",
    "other_heads": "checking.by_hand.other_heads",  # the module, as `explain`
    "other_terms": "checking.by_hand.other_terms",
    "train_by_hand": "checking.by_hand.training_order",
    "training_order": "checking.by_hand.training_order",
    "points": "checking.plugin",
    "probe": "checking.probes",
    "read_assignment": "course.assignment_file",
    "read_submission": "submission.from_path",
    "recorded_axes": "checking.by_hand.recorded_axes",  # the module, as `backbones`
    "residual_nets": "checking.by_hand.residual_nets",  # the module, as `explain`
    "rounds": "checking.plugin",
    "samplers": "checking.by_hand.samplers",  # the module, as `explain`
    "slips": "checking.by_hand.slips",
    "slopes": "checking.by_hand.slopes",
    "soft_scores": "checking.by_hand.soft_scores",
}
__all__ = sorted(_HOMES)  # one list, kept once
# for the texts of a course that speaks several languages; a star import is not to bring a name like `_`
_ALSO = {"N_": "language", "_": "language"}
__version__: str  # takes some milliseconds to work out, so it is looked up when it is asked for


def load_ipython_extension(ipython: object) -> None:
    """`%load_ext grader` in a notebook: the cell magic `%%check NAME`."""
    from .import_path import InstalledOnly

    with InstalledOnly():  # a student's file `random.py` is not the library's
        from .practice.magics import load_ipython_extension as load

        load(ipython)


def __getattr__(name: str) -> object:
    home = (_HOMES | _ALSO | {"__version__": "version"}).get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module = importlib.import_module(f".{home}", __name__)
    return module if home.endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
