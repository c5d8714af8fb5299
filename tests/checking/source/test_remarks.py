"""Where an instructor should look: what reaches for frames, modules or memory is told, and honest work is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checking.source.remarks import MOST, reaches_in, remarks
from grader.checking.source.source_scan import Scan, scan
from grader.course.catalog import Course, load_course
from grader.submission import Source
from grader.submission.bounded import PLAIN_LENGTH
from grader.submission.submission import Cell
from tests.conftest import ROOT, Grade
from tests.steps import growth

BY_HAND, OTHER = "logistic_regression", "train_step"


def told(course: Course, text: str, name: str = BY_HAND) -> tuple[str, ...]:
    source = Source.of_text("work.py", text)
    return remarks(course[name], source, scan(course[name], source))


REACHES = [
    "import sys\nf = sys._getframe()",
    "from sys import _getframe as g\nf = g()",
    "import sys as s\nf = s._getframe(1)",
    "import sys\nf = getattr(sys, '_get' + 'frame')()",
    "import sys\nf = getattr(sys, name)",
    "import inspect\nf = inspect.stack()",
    "import inspect\nf = inspect.currentframe()",
    "f = frame.f_back",
    "f = error.__traceback__.tb_frame",
    "f = getattr(frame, 'f_glo' + 'bals')",
    "import gc\nx = gc.get_objects()",
    "import gc\ngc = gc\nx = gc.get_objects()",
    "from gc import get_referrers\nget_referrers(1)",
    "import sys\nm = sys.modules['torch']",
    "import __main__\nx = vars(__main__)",
    "from grader.checks import losses\nlosses.measure",
    "x = object.__subclasses__()",
    "x = step.__globals__",
    "step.__code__ = other.__code__",
    "import ctypes\nctypes.memmove(1, 2, 3)",
    "from ctypes import CDLL\nCDLL(None)",
    "exec('x = 1')",
    "e = eval",
    "x = compile('1', 'x', 'eval')",
    "m = __import__('sys').modules",
    "m = __import__('s' + 'ys')",
    "import importlib\nm = importlib.import_module(name)",
    "import importlib\nm = importlib.import_module('ctypes')",
    "import builtins\nbuiltins.len = 1",
    "import sys\nsys.settrace(print)",
    "import sys\nsys.addaudithook(print)",
    "import sys\nif sys.getprofile(): cheat = False",
    "import pickle\nx = pickle.loads(b'')",
    "import os\nhome = os.getpid()",
    "x = open('/proc/self/mem')",
    "import threading\nthreading.Thread(target=print).start()",
    "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor()",
    "import multiprocessing as m\nm.Process()",
    "import sympy\nx = sympy.diff(1)",
    "from jax import grad\ngrad(step)",
    "class A:\n    import sys\n    m = sys.modules",
    "def helper():\n    return frame.f_back\nhelper()",
]


@pytest.mark.parametrize("text", REACHES)
def test_what_reaches_for_its_surroundings_is_told(course: Course, text: str) -> None:
    [remark] = told(course, f"import torch\n\n{text}\n")
    place, _, rest = remark.partition(": ")
    number = int(place.removeprefix("work.py, line "))
    assert number > 2
    line = text.splitlines()[number - 3]
    assert rest.endswith(f": `{line.strip()}`")


HONEST = [
    "import gc\ngc.collect()",
    "gc = torch.Generator()\ngc.manual_seed(0)",
    "model.eval()\nfor m in model.modules(): m.train()",
    "def eval(x): return x\neval(1)",
    "import re\nre.compile('x')",
    "torch.compile(model)",
    "# sys._getframe, gc.get_objects and exec",
    "x = getattr(model, f'layer{n}')",
    "x = 'the f_back of a frame'",
    "if __name__ == '__main__':\n    main()",
    "import inspect\ninspect.signature(step)",
    "import sys\nsys.stdout.write('x')",
    "import importlib\nm = importlib.import_module('torch.nn')",
    "def step(frame, gc): return gc.get(frame)",
    "@__import__('functools').cache\ndef step(): ...",
    "import copy, pickle\npickle.dumps(1)",
    "import ctypes, threading, sympy, builtins, grader\nfrom sys import _getframe, modules",
    "if __name__ == '__main__':\n    import threading\n    threading.Thread(target=print)",
    "import sys\ndef helper():\n    return sys.modules",
    "import threading\ndef f(threading): return threading.Thread",
    "import threading\nx: threading.Thread = None",
    "def (",
]


@pytest.mark.parametrize("text", HONEST)
def test_what_only_sounds_like_it_is_not(course: Course, text: str) -> None:
    assert told(course, f"import torch\n{text}\n") == ()


def test_threads_and_other_libraries_matter_in_work_by_hand_alone(course: Course) -> None:
    text = "import threading, sympy\nthreading.Thread(target=print)\nsympy.diff\n"
    assert len(told(course, text)) == 2
    assert told(course, text, OTHER) == ()


@pytest.mark.parametrize("name", load_course().names)
def test_no_right_answer_of_ours_is_remarkable(course: Course, name: str) -> None:
    paths = [course[name].solution, *(ROOT / "tests/submissions" / name / "right").glob("*.py")]
    for path in paths:
        assert told(course, path.read_text(encoding="utf-8"), name) == (), path


@pytest.mark.parametrize(
    "name", ["a_answers_twice", "a_patch_the_encoder", "b_grader_module", "d_frames", "d_garbage"]
)
def test_attacks_are_remarkable(course: Course, name: str) -> None:
    assert told(course, Path(ROOT / "tests" / "attacks" / f"{name}.py").read_text("utf-8"))


def test_one_remark_of_each_kind_and_a_few_in_all(course: Course) -> None:
    assert len(told(course, "import sys\n" + "sys._getframe().f_back\n" * 50)) == 1
    every = "\n".join(REACHES)
    found = told(course, every)
    assert len(found) == MOST
    lines = [int(remark.split("line ")[1].split(":")[0]) for remark in found]
    assert lines == sorted(lines)


def test_the_cell_of_a_notebook_is_named(course: Course) -> None:
    cells = (Cell("x.ipynb, cell 1", "%time\nimport sys"), Cell("x.ipynb, cell 3", "sys.modules"))
    [remark] = remarks(course[OTHER], Source("x.ipynb", cells, notebook=True), Scan())
    assert remark.startswith("x.ipynb, cell 3, line 1: `sys.modules` ")


def test_what_is_shown_is_plain_and_short(course: Course) -> None:
    [remark] = told(
        course, f"import sys\nx = sys.modules['\\x1b[31m'], '\x1b[31m', '{'x' * 1000}'\n"
    )
    assert remark.isprintable()
    assert len(remark) < 400
    [remark] = told(course, f"import gc\nx = gc.{'y' * 5000}\n")
    assert len(remark) < 400


def test_what_cannot_be_read_is_to_be_looked_at(course: Course) -> None:
    [remark] = told(course, f"import gc\nx = {'-' * 60_000}1\n")
    assert remark.startswith("work.py: nobody has looked")
    [remark] = told(course, "import gc\nx = gc.get_objects()\n" + "y = 1\n" * (PLAIN_LENGTH // 5))
    assert "line 2" in remark


def test_the_work_is_linear() -> None:
    def text(size: int) -> str:
        return "import sys as s, gc as g\n" + "x = s.modules, g.get_objects()\n" * size

    assert growth(lambda made: reaches_in([made], True, ["step"]), text, 50) < 5


LINEAR = (ROOT / "solutions" / "my_linear.py").read_text(encoding="utf-8")
UNSEEN = LINEAR.replace("output = x @", "again = nn.Linear\n        output = x @")


def test_what_a_rule_forbids_and_nobody_saw_is_to_be_looked_at(course: Course) -> None:
    [remark] = told(course, UNSEEN, "my_linear")
    line = 1 + UNSEEN.splitlines().index("        again = nn.Linear")
    assert remark == (
        f"work.py, line {line}: `torch.nn.Linear` is what the exercise asks for, "
        "and was not seen to run: `again = nn.Linear`"
    )
    assert told(course, UNSEEN, OTHER) == ()
    text = UNSEEN.replace("again = nn.Linear", "again = nn.Linear\n        more = nn.Linear")
    assert len(told(course, text, "my_linear")) == 1  # each name once


def test_what_was_seen_is_told_to_the_student_and_no_remark(course: Course) -> None:
    source = Source.of_text("work.py", UNSEEN)
    found = scan(course["my_linear"], source)
    assert remarks(course["my_linear"], source, found, found.findings) == ()


def test_a_graph_that_nobody_asks_for_gradients_is_nothing_to_look_at(course: Course) -> None:
    text = (
        course[BY_HAND].solution.read_text("utf-8").replace("yhat - y", "yhat.requires_grad_() - y")
    )
    assert scan(course[BY_HAND], Source.of_text("work.py", text)).findings
    assert told(course, text) == ()


def test_what_cannot_be_scanned_is_to_be_looked_at(course: Course) -> None:
    source = Source.of_text("work.py", LINEAR)
    [remark] = remarks(course["my_linear"], source, Scan(problem="It is too deep."))
    assert remark == "work.py: nobody has looked for what it reaches for. It is too deep."


def test_remarks_are_in_the_report_and_cost_no_point(graded: Grade, course: Course) -> None:
    text = course["my_linear"].solution.read_text("utf-8") + "\nimport sys\nx = sys.modules\n"
    result = graded("my_linear", text)
    assert result.score == result.max_score
    [remark] = result.remarks
    assert remark.startswith("my_linear.py, line ")


def test_a_text_that_cannot_be_read_costs_no_point(graded: Grade) -> None:
    result = graded("my_linear", LINEAR + f"\nx = {'-' * 60_000}1\n")
    assert result.violations == ()
    [remark] = result.remarks
    assert "too deeply" in remark
