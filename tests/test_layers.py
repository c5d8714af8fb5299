"""Who may import whom: data flows one way, and only `sandbox/inside` shares a process with student code."""

from __future__ import annotations

import ast
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import grader
from tests.conftest import ROOT

PACKAGE = Path(grader.__file__).parent
SPLIT = ("sandbox", "classroom")  # rooms with rooms inside, each with a line of its own here
EVERYWHERE = {"errors", "language", "report", "text"}  # plain data and plain words
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "report": set(),
    "language": {"errors"},
    "text": {"language"},
    "import_path": set(),
    "torch_dynamo": set(),
    "version": set(),
    "course": EVERYWHERE | {"import_path"},
    "submission": EVERYWHERE | {"course"},
    "devices": set(),
    "sandbox": {"errors", "import_path", "sandbox.isolation", "sandbox.wire"},
    "sandbox.inside": {"torch_dynamo", "devices", "sandbox.isolation", "sandbox.wire"},
    "sandbox.isolation": set(),
    "sandbox.wire": set(),
    "checking": EVERYWHERE | {"course", "sandbox", "sandbox.wire", "submission"},
    "checks": {"grader"},  # the names that `grader/__init__.py` offers
    "machines": EVERYWHERE | {"checking", "course", "sandbox", "submission", "version"},
    "grading": EVERYWHERE | {"checking", "course", "machines", "submission", "torch_dynamo"},
    "outputs": EVERYWHERE,
    "practice": EVERYWHERE
    | {"course", "grading", "import_path", "machines", "outputs", "submission", "version"},
    "authoring": EVERYWHERE | {"course", "grading", "machines", "sandbox", "submission"},
    "classroom": EVERYWHERE,
    "classroom.giveback": EVERYWHERE
    | {
        "classroom",
        "classroom.gradebook",
        "classroom.handin",
        "classroom.report",
        "course",
        "outputs",
        "submission",
    },
    "classroom.handin": EVERYWHERE | {"classroom", "course", "submission"},
    "classroom.gradebook": EVERYWHERE | {"classroom", "classroom.handin", "course", "submission"},
    "classroom.desk": EVERYWHERE | {"classroom", "classroom.gradebook", "outputs", "submission"},
    "classroom.run": EVERYWHERE
    | {
        "classroom",
        "classroom.gradebook",
        "classroom.handin",
        "course",
        "grading",
        "import_path",
        "machines",
        "sandbox",
        "submission",
        "version",
    },
    "classroom.similarity": EVERYWHERE | {"classroom", "submission"},
    "classroom.report": EVERYWHERE | {"classroom", "classroom.similarity", "outputs"},
    "classroom.totals": EVERYWHERE
    | {"classroom", "classroom.gradebook", "classroom.report", "course"},
}
ENTRANCES = {"__init__", "__main__", "cli"}  # these may import anything
FRONT_DOORS = {
    "grader",
    "grader.classroom",
}  # they offer names from the rooms behind them, when asked for


def room_of(parts: tuple[str, ...]) -> str:
    """The room of a module, from the parts of its name after `grader`."""
    if not parts:
        return "grader"
    inner = parts[0] in SPLIT and len(parts) > 1 and (PACKAGE / parts[0] / parts[1]).is_dir()
    return ".".join(parts[: 1 + inner])


def modules() -> dict[str, Path]:
    """Every module of ours, by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = ["grader", *path.relative_to(PACKAGE).with_suffix("").parts]
        if "migrations" not in parts:
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports_of(name: str, path: Path, known: Iterable[str]) -> Iterator[str]:
    """The modules of ours that a file imports."""
    parts = name.split(".")
    package = parts if path.name == "__init__.py" else parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                if (found := inner if inner in known else module) in known:
                    yield found
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)


@pytest.fixture(scope="module")
def imported() -> Mapping[str, set[str]]:
    """Module → the modules that it imports."""
    known = modules()
    return {name: set(imports_of(name, path, known)) - {name} for name, path in known.items()}


def test_a_room_imports_only_what_it_may(imported: Mapping[str, set[str]]) -> None:
    for name, others in imported.items():
        room = room_of(tuple(name.split(".")[1:]))
        if room in ENTRANCES or name in FRONT_DOORS:
            continue
        for other in others:
            entered = room_of(tuple(other.split(".")[1:]))
            assert entered in ALLOWED[room] | {room}, f"{name} imports {other}"


def test_only_the_sandbox_starts_what_runs_inside(imported: Mapping[str, set[str]]) -> None:
    """The trusted side starts it by its name in a fresh interpreter, and imports none of it."""
    for name, others in imported.items():
        if not name.startswith("grader.sandbox.inside"):
            assert not [each for each in others if each.startswith("grader.sandbox.inside")], name


def test_results_by_hand_are_for_checks_alone(imported: Mapping[str, set[str]]) -> None:
    """Whatever runs a check knows no exercise; `drawing` has models that tell of their training."""
    by_hand, users = (
        "grader.checking.by_hand",
        ("grader.checking.drawing.", "grader.checking.by_hand."),
    )
    for name, others in imported.items():
        if name not in FRONT_DOORS and not name.startswith(users):
            assert not [each for each in others if each.startswith(by_hand)], name


def test_imports_go_round_in_no_circle(imported: Mapping[str, set[str]]) -> None:
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_rooms_go_round_in_no_circle(imported: Mapping[str, set[str]]) -> None:
    rooms: defaultdict[str, set[str]] = defaultdict(set)
    for name in imported.keys() - FRONT_DOORS:
        room = room_of(tuple(name.split(".")[1:]))
        entered = {room_of(tuple(other.split(".")[1:])) for other in imported[name] - FRONT_DOORS}
        rooms[room] |= entered - {room}
    try:
        TopologicalSorter(rooms).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_every_room_is_named_here() -> None:
    rooms = {room_of(tuple(name.split(".")[1:])) for name in modules()} - {"grader"}
    assert rooms == set(ALLOWED) | ENTRANCES - {"__init__"}


def test_the_top_can_be_held_in_the_head() -> None:
    entries = {path.name for path in PACKAGE.iterdir() if not path.name.startswith("__")}
    data = {"locale", "py.typed", "report.schema.json", "explanation.schema.json"}
    assert len(entries - data) <= 20, sorted(entries)


def test_nothing_lies_about_in_the_repository() -> None:
    """What code that runs in one process leaves where it was started is easily taken along by a commit."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    assert len({path.partition("/")[0] for path in tracked}) <= 32


def test_a_module_has_a_name_of_its_own() -> None:
    stems = defaultdict(list)
    for name, path in modules().items():
        if not path.stem.startswith("__"):
            stems[path.stem].append(name)
    assert {stem: names for stem, names in stems.items() if len(names) > 1} == {}


def test_a_class_has_a_name_of_its_own() -> None:
    """Public ones; an exercise's checks are apart, as an author writes them without looking through the house."""
    homes = defaultdict(list)
    for name, path in modules().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not name.startswith("grader.checks."):
                if not node.name.startswith("_"):
                    homes[node.name].append(name)
    assert {each: names for each, names in homes.items() if len(names) > 1} == {}


def test_files_stay_readable() -> None:
    for path in PACKAGE.rglob("*.py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        most = 670 if path.parent.name == "checks" else 400  # an exercise's checks are one file
        assert lines <= most, f"{path.relative_to(PACKAGE)} has {lines} lines: it wants two rooms"


# what runs on the untrusted side is tried from outside; the course's checks by submissions and mutants
UNTESTED_ROOMS = ("grader.sandbox.inside", "grader.checks", "grader.classroom.run.preload")
TESTED = [
    name
    for name, path in modules().items()
    if not path.stem.startswith("__") and not name.startswith(UNTESTED_ROOMS)
]


@pytest.mark.parametrize("name", TESTED)
def test_a_module_has_a_test_of_its_own_name(name: str) -> None:
    *rooms, file = name.split(".")[1:]
    test = Path(__file__).parent.joinpath(*rooms, f"test_{file}.py")
    assert test.is_file()
    tree = ast.parse(test.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert any(function.name.startswith("test_") for function in functions)
