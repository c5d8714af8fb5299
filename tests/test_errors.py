"""The tree of errors, and what a caller sees of it: a sentence that names the file, status 2, never a traceback."""

from __future__ import annotations

import ast
import builtins
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import grader.cli
from grader import errors, grade, language
from grader.cli import main
from grader.errors import (
    Fault,
    GraderError,
    InputError,
    MissingPackageError,
    adding_extra,
    adding_package,
    extras_are_told,
)
from grader.machines import Machines
from grader.submission import Submission
from tests.gradebooks import graded, small_gradebook
from tests.synthetic_course import make_course

PACKAGE = Path(grader.cli.__file__).parents[1]
# private to two rooms, what ends a case of a check, and the checks of a course
ELSEWHERE = (
    "sandbox/wire/",
    "sandbox/isolation/",
    "checking/outcome.py",
    "checking/filling.py",
    "checking/alarm.py",
    "checks/",
)
NO_TEXT = b"text = '\xff'\n"
TWICE = '[[unit]]\nexercises = ["double", "double"]\n'
LONG = "n" * 300  # no file system has such a name


# the tree


def classes_that_are_raised() -> Iterator[tuple[str, str]]:
    """File and name of every exception class of ours that another file could catch."""
    bases = {name for name, each in vars(builtins).items() if is_exception(each)}
    bases |= {name for name, each in vars(errors).items() if is_exception(each)}
    for path in sorted(PACKAGE.rglob("*.py")):
        shown = path.relative_to(PACKAGE).as_posix()
        if shown.startswith(ELSEWHERE) or "/inside/" in shown:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                if any(ast.unparse(base).split(".")[-1] in bases for base in node.bases):
                    yield shown, node.name


def is_exception(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseException)


def test_every_error_lies_in_the_tree() -> None:
    found = list(classes_that_are_raised())
    assert len(found) > 20
    assert [each for each in found if each[0] != "errors.py"] == []
    for _, name in found:
        assert issubclass(getattr(errors, name), GraderError), name


def test_the_tree_is_drawn_as_it_is() -> None:
    """The drawing's indentation is the inheritance."""
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        name = line.strip(" │├└─").split(" ")[0]
        if isinstance(getattr(errors, name, None), type) and line.startswith("    "):
            depth = (len(line) - len(line.lstrip(" │├└─"))) // 4 - 1
            del above[depth:]
            drawn[name] = above[-1] if above else "Exception"
            above.append(name)
    ours = {
        name: each.__base__.__name__
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, GraderError) and each.__base__
    }
    assert drawn == ours


# the command line


def mend(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def put(file: str, data: str | bytes) -> Callable[[Path], None]:
    """Writes a file of the course."""

    def act(folder: Path) -> None:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data if isinstance(data, bytes) else data.encode())

    return act


def changed(file: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: mend(folder, file, old, new)


def limits(line: str) -> Callable[[Path], None]:
    return put("course.toml", f"[limits]\n{line}\n")


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: shutil.rmtree(folder / name)


def as_a_file(folder: Path) -> None:
    """A file where the course is to be."""
    shutil.rmtree(folder)
    folder.write_text("x")


def linked(folder: Path) -> None:
    shutil.rmtree(folder / "checks")
    (folder / "checks").symlink_to("checks")


def no_checks(folder: Path) -> None:
    (folder / "checks" / "double.py").unlink()
    (folder / "course.toml").write_text('title = "Mine"\n')


CHECKS, STUB, SOLUTION = "checks/double.py", "exercises/double.py", "solutions/double.py"
WRONG = "tests/submissions"
RULES, HINTS = "FORBIDDEN = {}", 'HINTS = ("a", "b", "c")'
CHECK = ("check --from work",)
KOREAN = ("list --lang ko", "release --lang ko --output new")
READS_HINTS = ("hint double", "audit --lint", "translate")
READS_CHECKS = ("list", "show double", *READS_HINTS, *CHECK)
READS_STUB = ("list", "show double", "init new", "init new --notebooks", "reset double")
READS_SOLUTION = ("release", "release --notebooks", "audit --lint", "translate", "audit")
ANY = ("list", "check --from work", "watch --from work", "release", "init new", "similar book.db")
NO_COURSE = "course.toml cannot be read"
CASES: list[tuple[str, Callable[[Path], None], tuple[str, ...], str]] = [
    ("a check: no Python", put(CHECKS, "def f(:\n"), READS_CHECKS, f"{CHECKS}, line 1"),
    ("a check: no UTF-8", put(CHECKS, NO_TEXT), READS_CHECKS, f"{CHECKS}, line 1: not UTF-8"),
    ("a check: a NUL", put(CHECKS, "x = '\0'\n"), ("list", "audit --lint"), CHECKS),
    ("a check: no tests", put(CHECKS, "x = 1\n"), CHECK, CHECKS),
    ("a check: ends", put(CHECKS, "import sys\nsys.exit(3)\n"), CHECK, CHECKS),
    ("a check: async", put(CHECKS, "async def test_a(student): ...\n"), CHECK, "is `async`"),
    (
        "a check: points of none",
        put(CHECKS, "import pytest\n\n@pytest.mark.points\ndef test_a(student): ...\n"),
        CHECK,
        "no whole number",
    ),
    (
        "a check: ends while it runs",
        put(CHECKS, "import sys\n\ndef test_a(student): sys.exit(3)\n"),
        CHECK,
        "ends the program",
    ),
    ("checks: a link to itself", linked, ("list",), "there is no folder"),
    ("limits: beyond the kernel", limits(f"memory_bytes = {1 << 62}"), CHECK, "larger than any"),
    ("limits: for ever", limits("import_seconds = 1e308"), CHECK, "larger than any machine"),
    ("a check: imports nothing known", put(CHECKS, "import no_such\n"), CHECK, "No module named"),
    (
        "rules: no literal",
        changed(CHECKS, RULES, "FORBIDDEN = dict()"),
        CHECK,
        f"{CHECKS}, line 12: `FORB",
    ),
    (
        "rules: a number",
        changed(CHECKS, RULES, "FORBIDDEN = 5"),
        CHECK,
        f"{CHECKS}, line 12: `FORBIDDEN`",
    ),
    ("rules: no options", changed(CHECKS, RULES, "FORBIDDEN = {'x': 5}"), CHECK, "FORBIDDEN"),
    (
        "hints: no literal",
        changed(CHECKS, HINTS, "HINTS = tuple()"),
        READS_HINTS,
        f"{CHECKS}, line 11: `HIN",
    ),
    (
        "hints: a number",
        changed(CHECKS, HINTS, "HINTS = 5"),
        READS_HINTS,
        f"{CHECKS}, line 11: `HINTS`",
    ),
    (
        "hints: numbers",
        changed(CHECKS, '"a", "b"', "1, 2"),
        READS_HINTS,
        f"{CHECKS}, line 11: `HINTS`",
    ),
    (
        "hints: one text",
        changed(CHECKS, HINTS, "HINTS = 'abc'"),
        READS_HINTS,
        f"{CHECKS}, line 11: `HINTS`",
    ),
    ("points: no number", changed(CHECKS, "points(10)", "points('ten')"), CHECK, CHECKS),
    ("points: not known", changed(CHECKS, "points(10)", "points(TEN)"), CHECK, "TEN"),
    ("a stub: no Python", put(STUB, "def f(:\n"), READS_STUB, f"{STUB}, line 1"),
    ("a stub: no UTF-8", put(STUB, NO_TEXT), READS_STUB, f"{STUB}, line 1: not UTF-8"),
    ("a solution: no Python", put(SOLUTION, "def f(:\n"), READS_SOLUTION, f"{SOLUTION}, line 1"),
    ("a solution: no UTF-8", put(SOLUTION, NO_TEXT), READS_SOLUTION, f"{SOLUTION}, line 1"),
    ("a submission", put(f"{WRONG}/double/right/a.py", NO_TEXT), ("audit",), "right/a.py"),
    ("equivalents", put(f"{WRONG}/equivalent.toml", "mutant = 5\n"), ("audit",), "equivalent.toml"),
    ("limits: a number", put("course.toml", "limits = 5\n"), ANY, "course.toml: `limits`"),
    ("limits: no end", limits("import_seconds = inf"), CHECK, "course.toml: [limits] import_seco"),
    ("limits: half a byte", limits("memory_bytes = 0.5"), CHECK, "course.toml: [limits] memory_b"),
    ("limits: not known", limits("patience = 5"), CHECK, "course.toml: [limits] has no 'patience'"),
    ("a title: a number", put("course.toml", "title = 5\n"), ANY, "course.toml: `title`"),
    ("units: a number", put("course.toml", "unit = 3\n"), ANY, "course.toml: `unit`"),
    ("checks: a number", put("course.toml", "checks = 3\n"), ANY, "course.toml: `checks`"),
    ("an exercise twice", put("course.toml", TWICE), ANY, "course.toml names 'double' twice"),
    ("a course: no UTF-8", put("course.toml", NO_TEXT), ANY, "course.toml is not TOML"),
    ("a course: a file", as_a_file, ANY, NO_COURSE),
    ("a course: nothing", shutil.rmtree, ANY, NO_COURSE),
    ("no exercises", no_checks, (*ANY, "audit", "translate"), "checks holds no exercise"),
    ("no stubs", without("exercises"), ("init new", "reset double"), STUB),
    ("no solutions", without("solutions"), ("release", "audit"), SOLUTION),
    ("a catalogue", put("locale/ko/LC_MESSAGES/messages.mo", "x"), KOREAN, "messages.mo"),
    ("texts", put("locale/ko/LC_MESSAGES/messages.po", "x y\n"), ("translate",), "messages.po"),
    ("texts: a file", put("locale", "x"), ("translate",), "messages.po cannot be written"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_course(tmp_path_factory.mktemp("made") / "course")


@pytest.fixture
def place(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machines: Machines
) -> Iterator[Path]:
    """Where the commands run: a course, a student's folder, and a class's. They share the tests' own sandbox."""
    shutil.copytree(made, tmp_path / "course")
    for name in ("work", "lab/ada"):
        shutil.copytree(made / "solutions", tmp_path / name)
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "double.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Machines, "_started", lambda _: machines._sandboxes)
    monkeypatch.setattr(Machines, "close", lambda _: None)
    monkeypatch.setattr(language, "_folders", list(language._folders))
    yield tmp_path
    language.use(language.ENGLISH)


def refused(*arguments: str) -> str:
    """The sentence with which a command is refused."""
    return refusal(CliRunner().invoke(main, arguments))


def refusal(result: Result) -> str:
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("grader: ")
    return result.stderr


@pytest.mark.parametrize(
    ("act", "command", "told"),
    [
        pytest.param(act, command, told, id=f"{what}: {command}")
        for what, act, commands, told in CASES
        for command in commands
    ],
)
def test_a_course_that_can_be_mended(
    place: Path, act: Callable[[Path], None], command: str, told: str
) -> None:
    if command.startswith("similar"):
        a_gradebook(place / "book.db")
    act(place / "course")
    result = CliRunner().invoke(main, [*command.split(), "--course", "course"])
    sentence = refusal(result)
    if (
        "not graded" in result.stdout
    ):  # a fault is told in the report, folded at the terminal's width
        assert told.replace(" ", "") in "".join(result.stdout.split())
    else:
        assert told in sentence


def a_gradebook(path: Path) -> None:
    with small_gradebook(path):
        pass


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("list --course file", "file/course.toml"),
        ("check --course course --from nowhere", "nowhere does not exist"),
        (f"check --course course --from {LONG}", "cannot be used: File name too long"),
        ("check --course course --from file/x", "does not exist"),
        (f"check --course course --from work --output {LONG}", "cannot be written"),
        (f"check --course course --from work --format junit --output {LONG}", "cannot be written"),
        ("check --course course --from work --output nowhere/x", "nowhere does not exist"),
        ("init file/new --course course", "file/new cannot be written"),
        (f"init {LONG} --course course", "cannot be written"),
        (f"release --course course --output {LONG}", "cannot be written"),
        ("release --course course --output file/new", "file/new cannot be written"),
        ("release --course course --assignment none.toml --classroom new", "none.toml"),
        ("translate --course course --language ..", "'..' is no code of a language"),
        (f"translate --course course --language {LONG}", "is no code of a language"),
        ("grade lab --course course --gradebook folder", "folder is a folder"),
        (f"grade lab --course course --gradebook {LONG}", "cannot be used: File name too long"),
        ("grade lab --course course --gradebook nowhere/g.db", "nowhere does not exist"),
        ("grade nowhere --course course --gradebook g.db", "nowhere does not exist"),
        ("grade file --course course --gradebook g.db", "file is neither a folder nor an archive"),
        ("grade lab --course course --gradebook g.db --roster folder", "roster folder"),
        ("grade lab --course course --gradebook g.db --protected file", "file is not JSON"),
        ("adjust folder ada 1 --why x", "folder is a folder"),
        ("history none.db ada", "no gradebook none.db"),
        ("gradebook check folder", "folder is a folder"),
        ("history postgresql+asyncpg://u@localhost/x ada", "asks for asyncpg"),
        ("report none.db --output new", "no gradebook none.db"),
        ("similar folder", "folder is a folder"),
    ],
)  # fmt: skip
def test_a_call_that_can_be_mended(place: Path, command: str, told: str) -> None:
    assert told in refused(*command.split())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("report book.db --output file", "file holds something else than this command writes"),
        (f"report book.db --output {LONG}", "File name too long"),
        ("report book.db --output file/new", "file does not exist"),
        ("report book.db --output new --pseudonyms --pseudonym-key file", "file holds no key"),
        (f"report book.db --output new --pseudonyms --pseudonym-key {LONG}", "cannot be written"),
        ("history book.db nobody", "'nobody'"),
        ("adjust book.db nobody 1 --why x --who me", "'nobody'"),
        ("adjust book.db ada 0 --why x --who me", "adjustment of 0 points cannot be made"),
        ("adjust book.db ada 1 --why x --who me --exercise x", "no exercise 'x'"),
    ],
)
def test_a_gradebook_that_is_asked_for_too_much(place: Path, command: str, told: str) -> None:
    a_gradebook(place / "book.db")
    assert told in refused(*command.split())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may all")
@pytest.mark.parametrize("command", ["check --from work", "init work", "list", "release"])
def test_a_folder_without_permission(place: Path, command: str) -> None:
    closed = place / ("course/exercises" if command in ("list", "release") else "work")
    closed.chmod(0)
    try:
        assert closed.name in refused(*command.split(), "--course", "course")
    finally:
        closed.chmod(0o700)


def test_a_file_that_the_system_refuses(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a folder without permission, which only `root` could not be kept from."""

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("grader.submission.read_submission", lambda path, *_: refuse(path))
    told = refused("check", "--from", "work", "--course", "course")
    assert told == "grader: work cannot be used: Permission denied.\n"


def test_an_exercise_named_twice_is_graded_once(place: Path) -> None:
    result = CliRunner().invoke(
        main, ["check", "double", "double", "--course", "course", "--from", "work"]
    )
    assert result.exit_code == 0, result.output
    assert result.output.count("Doubling") == 1


def test_an_assignment_that_names_an_exercise_twice(place: Path) -> None:
    (place / "a.toml").write_text(2 * '[[exercise]]\nname = "double"\n')
    told = refused("check", "--course", "course", "--from", "work", "--assignment", "a.toml")
    assert "a.toml" in told
    assert "twice" in told


def test_an_exercise_that_nobody_knows(machines: Machines) -> None:
    with pytest.raises(InputError, match="no exercise 'poetry'"):
        grade(Submission.of_text("my_linear", "x = 1\n"), ["poetry"], machines=machines)
    with pytest.raises(InputError, match="no exercise 'poetry'"):
        grade(Submission.of_text("poetry", "x = 1\n"), machines=machines)


# packages that only some commands need


@pytest.mark.parametrize(
    ("command", "package", "told"),
    [
        ("translate --course course", "babel", "torch-grader[translate]"),
        ("grade lab --course course --gradebook g.db", "sqlalchemy", "torch-grader[classroom]"),
        ("history g.db ada", "sqlalchemy", "torch-grader[classroom]"),
        ("report g.db --output new", "sqlalchemy", "torch-grader[classroom]"),
        ("grade lab --course course --gradebook g.db", "alembic", "torch-grader[classroom]"),
        (
            "grade lab --course course --gradebook g.db --scheduler x",
            "distributed",
            "torch-grader[dask]",
        ),
    ],
)
def test_an_extra_that_is_not_installed(place: Path, command: str, package: str, told: str) -> None:
    """In a process of its own: what has been imported here may be at work still, and need what it would miss."""
    program = f"import sys; sys.modules[{package!r}] = None; from grader.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, *command.split()], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f'grader: {package} is not installed: pip install "{told}" brings it.\n'


@pytest.mark.parametrize(
    ("file", "extra", "package"),
    [
        ("pyvenv.cfg", 'pip install "torch-grader[desk]"', "pip install 'pandas>=2'"),
        (
            "uv-receipt.toml",
            'uv tool install "torch-grader[desk]"',
            "uv tool install --with 'pandas>=2' torch-grader",
        ),
        (
            "pipx_metadata.json",
            'pipx install --force "torch-grader[desk]"',
            "pipx inject torch-grader 'pandas>=2'",
        ),
    ],
)
def test_what_is_missing_is_added_by_what_installed_the_grader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, extra: str, package: str
) -> None:
    (tmp_path / file).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert (adding_extra("desk"), adding_package("pandas>=2")) == (extra, package)
    with pytest.raises(MissingPackageError) as caught, extras_are_told():
        raise ModuleNotFoundError(name="waitress")
    assert str(caught.value) == f"waitress is not installed: {extra} brings it."


def test_a_module_of_no_extra_is_no_matter_of_the_caller() -> None:
    with pytest.raises(ModuleNotFoundError), extras_are_told():
        import no_such_module_of_ours  # type: ignore[import-not-found]  # noqa: F401
    with pytest.raises(MissingPackageError), extras_are_told():
        raise ModuleNotFoundError(name="itables.inner")


# faults


@pytest.mark.parametrize(
    "command",
    ["history book.db ada", "report book.db --output new", "adjust book.db ada 1 --why x"],
)
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE grading SET report = '{not json'",
        """UPDATE grading SET report = '{"schema": 99}'""",
        "DROP TABLE adjustment",
    ],
)
def test_a_damaged_gradebook(place: Path, command: str, damage: str) -> None:
    with small_gradebook(place / "book.db") as gradebook:
        graded(gradebook, "ada", "x = 1", 7)
    with closing(sqlite3.connect(place / "book.db")) as connection:
        connection.execute(damage)
        connection.commit()
    assert "gradebook" in refused(*command.split())


def test_a_folder_of_checks_may_be_a_link(place: Path) -> None:
    (place / "course" / "checks").rename(place / "elsewhere")
    (place / "course" / "checks").symlink_to(place / "elsewhere")
    assert CliRunner().invoke(main, ["list", "--course", str(place / "course")]).exit_code == 0


def test_a_fault_is_told_as_ours(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> None:
        raise errors.SandboxLost("It ended.")

    monkeypatch.setattr("grader.grading.grade", lost)
    result = CliRunner().invoke(main, ["check", "--course", "course", "--from", "work"])
    assert result.exit_code == 2
    # in the report, in whatever form it is written
    told = " ".join(result.stdout.split())
    assert "not graded Doubling Not graded: the grader itself failed, not your code." in told
    assert told.count("It ended.") == 1
    assert "Traceback" not in result.output
    assert issubclass(errors.SandboxLost, Fault)


def test_a_fault_of_a_command_without_a_report_is_a_sentence(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise errors.SandboxLost("It ended.")

    monkeypatch.setattr("grader.cli.doctor.console_for", lost)
    monkeypatch.setattr("grader.machines.Machines._started", lost)
    told = refused("doctor")
    assert told == "grader: The grader itself failed, not your code: It ended.\n"


def test_a_check_that_cannot_be_used_is_no_fault_of_the_grader(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise errors.CourseFault("checks/double.py cannot be used: NameError.")

    monkeypatch.setattr("grader.machines.Machines._started", broken)
    assert refused("doctor") == "grader: checks/double.py cannot be used: NameError.\n"


def test_what_is_no_error_of_ours_keeps_its_traceback(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug is to be seen, not to be told as somebody's wrong input, nor as missing points."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("grader.grading.grade", broken)
    arguments = ["check", "--course", "course", "--from", "work"]
    brief = CliRunner().invoke(main, arguments)
    assert brief.exit_code == 2
    told = " ".join(brief.stdout.split())
    assert "the grader itself failed, not your code." in told
    assert "ZeroDivisionError: of ours" in told
    verbose = CliRunner().invoke(main, [*arguments, "--verbose"])
    assert verbose.exit_code == 2
    assert "Traceback" in verbose.stderr
    assert 'raise ZeroDivisionError("of ours")' in verbose.stderr
    monkeypatch.setattr("grader.cli.exercises.open_course", broken)
    elsewhere = CliRunner().invoke(main, ["list"])
    assert isinstance(elsewhere.exception, ZeroDivisionError)


def test_what_a_child_did_is_told_in_a_sentence_and_kept_for_other_languages() -> None:
    error = errors.NoAnswer("timeout", "No answer in {n} s.", (0, 3), n=5)
    assert str(error) == "No answer in 5 s."
    assert (error.template, error.values) == ("No answer in {n} s.", {"n": 5})
    assert (error.reason, error.place) == ("timeout", (0, 3))


@pytest.mark.parametrize(
    "error",
    [
        errors.NoAnswer("excess", "used more than {most:,} MiB", (0, 3), most=5),
        errors.CourseFault("A check is odd."),
        errors.WorkerMismatch("Other versions."),
        errors.SandboxLost("It ended."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_reaches_another_process_as_it_is(error: Exception) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert vars(there) == vars(error)
