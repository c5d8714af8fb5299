"""What an instructor should look at in a source. It costs no point.

Code that shares a process with the probe can change what that tells: whose line it is, which inputs were changed, what
ran beneath. Hardly any exercise needs a caller's frame or the collector's list of objects, so a file that reaches for
them is shown to the instructor, in English, with the line. So is what a rule forbids, where it was not seen to run.
There are honest reasons, and other ways: it is no verdict. What is imported and not used is nothing to look at, nor is
what stands under `if __name__ == "__main__"`, or in a function that neither graded code nor the import calls.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator, Sequence

from ...course.catalog import Exercise
from ...errors import UnreadableError
from ...submission import Source
from ...submission.bounded import bounded
from ...text import clean, line_of, tree_of
from .dotted_names import Names, constant_text, used
from .source_scan import Found, Scan, read, running

MOST = 5  # remarks on one source
_FRAMES = "reaches for the frames of whoever calls it"
_OBJECTS = "reaches for objects of others, through the garbage collector"
_MODULES = "reaches for what else its process has imported"
_INSIDE = "reaches into functions and classes of others"
_FOREIGN = "reaches for memory, by foreign code"
_TEXT = "makes code out of data"
_HOOKS = "looks on while others run"
_PROCESS = "asks which process it is in"
_THREADS = "starts a thread or a process, in work by hand"
_OTHERS = "is a library that differentiates, in work by hand"
_UNSEEN = {
    "by hand": "differentiates, in work by hand, and was not seen to run",
    "from scratch": "is what the exercise asks for, and was not seen to run",
}

# a dotted name, and all that is below it → what it is
_PATHS = {
    "sys._getframe": _FRAMES,
    "sys._current_frames": _FRAMES,
    "inspect.stack": _FRAMES,
    "inspect.currentframe": _FRAMES,
    "inspect.trace": _FRAMES,
    "inspect.getouterframes": _FRAMES,
    "inspect.getinnerframes": _FRAMES,
    "traceback.walk_stack": _FRAMES,
    "traceback.extract_stack": _FRAMES,
    "gc": _OBJECTS,
    "sys.modules": _MODULES,
    "__main__": _MODULES,
    "grader": _MODULES,
    "ctypes": _FOREIGN,
    "_ctypes": _FOREIGN,
    "cffi": _FOREIGN,
    "sys.settrace": _HOOKS,
    "sys.setprofile": _HOOKS,
    "sys.getprofile": _HOOKS,
    "sys.gettrace": _HOOKS,
    "sys.addaudithook": _HOOKS,
    "sys.monitoring": _HOOKS,
    "threading.settrace": _HOOKS,
    "threading.setprofile": _HOOKS,
    "sys.?": _MODULES,
    "inspect.?": _FRAMES,
    "exec": _TEXT,
    "eval": _TEXT,
    "compile": _TEXT,
    "builtins": _TEXT,
    "pickle.loads": _TEXT,
    "pkgutil.resolve_name": _TEXT,
    "marshal": _TEXT,
    "types.CodeType": _TEXT,
    "types.FunctionType": _TEXT,
    "os.getpid": _PROCESS,
    "os.getppid": _PROCESS,
    "multiprocessing.current_process": _PROCESS,
}
_BY_HAND_PATHS = dict.fromkeys(
    ["threading", "_thread", "concurrent.futures", "multiprocessing", "torch.multiprocessing"],
    _THREADS,
) | dict.fromkeys(
    ["sympy", "jax", "autograd", "tensorflow", "casadi", "numdifftools", "mpmath"], _OTHERS
)
_HARMLESS = {
    *("gc", "gc.collect", "gc.disable", "gc.enable", "gc.isenabled"),
    *("threading", "threading.current_thread", "multiprocessing", "multiprocessing.cpu_count"),
    "torch.multiprocessing",
}
_ATTRIBUTES = {
    **dict.fromkeys(["f_back", "f_globals", "f_locals", "f_builtins"], _FRAMES),
    **dict.fromkeys(["tb_frame", "gi_frame", "cr_frame", "ag_frame"], _FRAMES),
    **dict.fromkeys(["__subclasses__", "__globals__", "__closure__", "__code__"], _INSIDE),
    "__builtins__": _INSIDE,
}
_IMPORTERS = {
    "__import__",
    "importlib.import_module",
    "importlib.__import__",
}
_MODULES_TO_KNOW = {path.partition(".")[0] for path in _PATHS | _BY_HAND_PATHS} - {"torch"}
# without one of these there is nothing to be found; most sources are not read again for it
_WORDS = (
    *("getframe", "_frame", "currentframe", "inspect", "f_back", "f_globals", "f_locals"),
    *("f_builtins", "_stack"),
    *("gc", "__main__", "grader", "ctypes", "cffi", "settrace", "setprofile"),
    *("gettrace", "getprofile"),
    *("audithook", "monitoring", "thread", "concurrent", "multiprocessing", "sympy", "jax"),
    *("import autograd", "from autograd", "tensorflow", "casadi", "numdifftools", "mpmath"),
    *("__subclasses__", "__globals__", "__closure__", "__code__", "__builtins__", "__import__"),
    *("builtins", "import_module", "resolve_name", "/proc/", "getattr(", "vars(", "pickle"),
    *("marshal", "CodeType", "FunctionType", "getpid", "getppid"),
)
_COMMON_WORDS = ("modules", "eval", "exec", "compile")
_USED_SO = re.compile(r"\bmodules\b(?!\()|(?<![.\w])(?:eval|exec|compile)\b")
Reach = tuple[int, int, str, str]  # number of the text, line, the name, what is remarkable about it


def remarks(
    exercise: Exercise, source: Source, scan: Scan, explained: Container[Found] = ()
) -> tuple[str, ...]:
    """Sentences for the instructor, at most `MOST`, in the order of the source.

    Args:
        scan: what the exercise's rules forbid in the source; a name is told once.
        explained: those of its findings that were seen to run; the student is told of them.
    """
    if scan.problem:
        return (_unread(source, scan.problem),)
    unseen: dict[str, Reach] = {}
    for finding in scan.findings:
        if finding not in explained and not finding.only_prepares:
            shown = finding.shown.strip("`")
            unseen.setdefault(shown, (finding.text, finding.line, shown, _UNSEEN[finding.rule]))
    reaches = list(unseen.values())
    if any(map(_is_worth_reading, source.programs)):
        by_hand = "by hand" in exercise.forbidden
        try:
            found = bounded(reaches_in, source.programs, by_hand, sorted(exercise.entry_points))
        except UnreadableError as error:
            return (_unread(source, str(error)),)
        reaches += [(text, line, name, what) for text, line, name, what in found]
    told = []
    for text, line, name, what in sorted(reaches)[:MOST]:
        cell = source.cells[text]
        shown = line_of(cell.text.splitlines(), line)
        told.append(f"{cell.place}, line {line}: `{name}` {what}: `{shown}`")
    return tuple(told)


def _unread(source: Source, why: str) -> str:
    return f"{source.filename}: nobody has looked for what it reaches for. {why}"


def _is_worth_reading(text: str) -> bool:
    if any(word in text for word in _WORDS):
        return True
    return any(word in text for word in _COMMON_WORDS) and _USED_SO.search(text) is not None


def reaches_in(texts: Sequence[str], by_hand: bool, graded: Sequence[str]) -> list[Reach]:
    """Where texts reach for what surrounds them, at the first place of each kind.

    Args:
        by_hand: whether the exercise asks for derivatives by hand.
        graded: the names that are graded.
    """
    outline = read([tree_of(text) for text in texts])
    paths = _PATHS | (_BY_HAND_PATHS if by_hand else {})
    found: dict[str, Reach] = {}
    for statement in running(outline, graded):
        for node in used(statement):
            for name, what in _reaches(node, outline.names, paths):
                reach = (outline.texts[statement], getattr(node, "lineno", 1), name, what)
                found[what] = min(found.get(what, reach), reach)
    return sorted(found.values())


def _reaches(node: ast.AST, names: Names, paths: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What a single node reaches for, and what is remarkable about it."""
    if isinstance(node, ast.Attribute | ast.Name):
        yield from _known(names.path(node), paths)
        last = node.attr if isinstance(node, ast.Attribute) else node.id
        if last in _ATTRIBUTES:
            yield last, _ATTRIBUTES[last]
    elif isinstance(node, ast.Call):
        yield from _called(node, names, paths)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if "/proc/" in node.value:
            yield "/proc", _PROCESS


def _called(node: ast.Call, names: Names, paths: dict[str, str]) -> Iterator[tuple[str, str]]:
    function = names.path(node.func)
    if function in _IMPORTERS and node.args:
        module = constant_text(node.args[0]).partition(".")[0]
        # what has a name that is written out, and has nothing to do with this, is as good as imported
        if module == "?" or module in _MODULES_TO_KNOW:
            yield function, _TEXT
    path = names.path(node)  # of a `getattr`
    yield from _known(path, paths)
    last = path.rpartition(".")[2]
    if last in _ATTRIBUTES:
        yield last, _ATTRIBUTES[last]


def _known(path: str, paths: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A path as it is shown, and what is remarkable about it, if it or what it is in is among `paths`."""
    if path in _HARMLESS:
        return
    parts = path.split(".")
    for count in range(min(len(parts), 3), 0, -1):
        if what := paths.get(".".join(parts[:count])):
            yield clean(".".join(parts[: count + 1]).replace("?", "…"), 80).replace("\n", " "), what
            return
