"""`grader give-back`: from a gradebook to what each service takes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from grader.classroom.gradebook.writer import GradebookWriter
from grader.cli import main
from tests.fake_canvas import ASSIGNMENT, COURSE, TOKEN, FakeCanvas, fake_canvas
from tests.given_back import SECRET, graded_record
from tests.gradebooks import graded, received, small_gradebook, submitted

FORMS = {
    "moodle": ["--submissions", "moodle"],
    "nbgrader": ["--collected", "lab1"],
    "gradescope": [],
    "github": ["--repository", "course/lab1-{login}"],
}


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["give-back", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada has 7 of 10 points; Bob handed in nothing."""
    folder = tmp_path_factory.mktemp("give-back")
    with small_gradebook(folder / "g.db") as gradebook:
        graded(gradebook, "ada", "x = 1\n", 7)
    (folder / "moodle" / "Ada Lovelace_5000_assignsubmission_file_").mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def here(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    monkeypatch.delenv("CANVAS_API_TOKEN", raising=False)


@pytest.mark.parametrize(
    ("form", "file"),
    [
        ("moodle", "feedback.zip"),
        ("nbgrader", "feedback/ada/lab1/my_linear.html"),
        ("gradescope", "results/ada/results.json"),
        ("github", "issues/ada.md"),
    ],
)
def test_each_service_has_its_form(tmp_path: Path, form: str, file: str) -> None:
    folder = tmp_path / "out"
    done = call("g.db", "--to", folder, "--format", form, *FORMS[form])
    assert done.exit_code == 0, done.output
    assert f"1 student in {folder}." in done.stdout
    assert "Nothing for 1 student (nothing handed in): bob" in done.stderr
    assert (folder / file).is_file()
    assert "Nothing has been" in (folder / "README.txt").read_text(encoding="utf-8")


def test_moodles_names_are_taken_from_its_download(tmp_path: Path) -> None:
    call("g.db", "--to", tmp_path / "out", "--format", "moodle", *FORMS["moodle"])
    with ZipFile(tmp_path / "out" / "feedback.zip") as archive:
        assert archive.namelist() == ["Ada Lovelace_5000_assignsubmission_file_/feedback.html"]
    without = call("g.db", "--to", tmp_path / "other", "--format", "moodle")
    assert "no participant's number is known; --submissions" in without.stderr


def test_nbgrader_can_release_what_is_written(tmp_path: Path) -> None:
    handed_in = tmp_path / "course" / "submitted" / "ada" / "lab1"
    handed_in.mkdir(parents=True)
    for name in ("timestamp.txt", "submission_secret.txt"):
        (handed_in / name).write_text("x")
    more = ["--collected", "lab1", "--submissions", str(tmp_path / "course")]
    done = call("g.db", "--to", tmp_path / "out", "--format", "nbgrader", *more)
    assert "cannot release" not in done.stderr
    assert (tmp_path / "out/feedback/ada/lab1/submission_secret.txt").is_file()
    without = call("g.db", "--to", tmp_path / "other", "--format", "nbgrader", *more[:2])
    assert "cannot release 1 of them" in without.stderr


def test_a_folder_is_asked_about(tmp_path: Path) -> None:
    arguments = ["g.db", "--to", str(tmp_path / "out"), "--format", "gradescope"]
    assert call(*arguments).exit_code == 0
    again = call(*arguments)
    assert (again.exit_code, "Give --replace" in again.output) == (2, True)
    assert call(*arguments, "--replace").exit_code == 0
    other = call("g.db", "--to", tmp_path / "out", "--format", "moodle", "--replace")
    assert (other.exit_code, "holds something else" in other.output) == (2, True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis").touch()
    assert (
        call("g.db", "--to", tmp_path / "mine", "--format", "github", *FORMS["github"]).exit_code
        == 2
    )
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.db", "--format", "moodle"], "There is no gradebook none.db"),
        (["g.db", "--format", "moodle", "--submissions", "none"], "none does not exist"),
        (["g.db", "--format", "moodle", "--submissions", "g.db"], "neither a folder nor a zip"),
        (["g.db", "--format", "moodle", "--submissions", "."], None),
        (["g.db", "--format", "nbgrader", "--collected", "../x"], "no name of an assignment"),
        (["g.db", "--format", "github"], "Say where students' repositories are"),
        (["g.db", "--format", "github", "--repository", "x"], "does not say how repositories"),
        (["g.db", "--format", "moodle", "--send"], "--send is for --format canvas"),
        (["g.db", "--format", "canvas"], "Say where it is: --canvas-url"),
        (["g.db", "--format", "blackboard"], "is not one of"),
        (["g.db"], "Missing option '--format'"),
    ],
)
def test_a_wrong_call_is_told(tmp_path: Path, arguments: list[str], told: str | None) -> None:
    result = call(*arguments, "--to", tmp_path / "out")
    assert result.exit_code == (2 if told else 0)
    assert (told or "") in " ".join(result.output.split())
    assert (tmp_path / "out").exists() == (told is None)


CHECKS = '''
from grader import Draw, Student, points


@points(2)
def test_secret(student: Student, draw: Draw) -> None:
    """Nobody is to read of this."""
'''


def test_an_older_gradebook_is_told_what_is_kept_back(tmp_path: Path) -> None:
    """One whose runs did not note the assignment: then the assignment's file says it."""
    shown = graded_record().report
    assert shown
    with small_gradebook(tmp_path / "g.db") as gradebook:
        writer = GradebookWriter.begin(gradebook, {}, False)
        handed = submitted("x = 1\n")
        received(writer, "ada", handed, "key")
        writer.store_result("ada", "key", handed.digest, shown, 0.5)
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "my_linear.py").write_text(CHECKS)
    (tmp_path / "lab.toml").write_text(
        '[[exercise]]\nname = "my_linear"\ninstructor_checks = "hidden/my_linear.py"\n'
    )
    for form in FORMS:
        folder = tmp_path / form
        more = [*FORMS[form], "--assignment", str(tmp_path / "lab.toml")]
        done = call(tmp_path / "g.db", "--to", folder, "--format", form, *more)
        assert done.exit_code == 0, done.output
        for path in folder.rglob("*"):
            if path.suffix == ".zip":
                with ZipFile(path) as archive:
                    assert not [
                        name for name in archive.namelist() if SECRET in archive.read(name).decode()
                    ]
            elif path.is_file():
                assert SECRET not in path.read_text(encoding="utf-8")


class AtCanvas:
    """The command for a class at Canvas."""

    def __init__(self, canvas: FakeCanvas, folder: Path) -> None:
        self.canvas = canvas
        self.folder = folder
        where = ["--canvas-url", canvas.url, "--canvas-course", str(COURSE)]
        self.call = [
            *("g.db", "--to", str(folder), "--format", "canvas", *where),
            *("--canvas-assignment", str(ASSIGNMENT)),
        ]


@pytest.fixture
def canvas(tmp_path: Path) -> Iterator[AtCanvas]:
    pytest.importorskip("canvasapi")
    with fake_canvas() as running:
        running.add(70, "Ada Lovelace", "ada-l")
        running.add(71, "Bob", "bob")
        yield AtCanvas(running, tmp_path / "out")


def test_canvas_is_given_what_was_looked_at(
    canvas: AtCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = call(*canvas.call, "--send")
    assert (early.exit_code, "has no plan" in early.output) == (2, True)
    dry = call(*canvas.call)
    assert (dry.exit_code, canvas.canvas.asked) == (0, [])
    assert "Nothing has been sent." in dry.stdout
    assert "With a token in CANVAS_API_TOKEN" in dry.stdout
    without = call(*canvas.call, "--send")
    assert (without.exit_code, "There is no token" in without.output) == (2, True)

    monkeypatch.setenv("CANVAS_API_TOKEN", TOKEN)
    looked = call(*canvas.call, "--replace")
    assert "Of these, 1 would change something in Canvas." in looked.stdout
    assert canvas.canvas.puts == 0
    with (canvas.folder / "plan.csv").open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert row["change there"] == "– → 7, a comment"

    sent = call(*canvas.call, "--send")
    assert (sent.exit_code, sent.stdout) == (0, "Sent to Canvas for 1 student.\n")
    again = call(*canvas.call, "--send")
    assert again.stdout.endswith("It had everything already for 1 student.\n")
    assert canvas.canvas.submissions[70]["score"] == 7
    assert len(canvas.canvas.comments(70)) == canvas.canvas.puts == 1
    assert canvas.canvas.comments(71) == []
    told = "".join(each.output for each in (early, dry, without, looked, sent, again))
    written = [
        path.read_text(encoding="utf-8") for path in canvas.folder.rglob("*") if path.is_file()
    ]
    assert not [text for text in (told, *written) if TOKEN in text]


def test_another_gradebook_than_was_looked_at_is_not_sent(
    canvas: AtCanvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANVAS_API_TOKEN", TOKEN)
    assert call(*canvas.call).exit_code == 0
    other = [*canvas.call[:-1], "43"]
    told = call(*other, "--send")
    assert (told.exit_code, "is another one than when" in told.output) == (2, True)
    assert canvas.canvas.puts == 0


def test_who_is_not_at_canvas_is_told(canvas: AtCanvas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVAS_API_TOKEN", TOKEN)
    del canvas.canvas.submissions[70]
    assert call(*canvas.call).exit_code == 0
    sent = call(*canvas.call, "--send")
    assert sent.exit_code == 1
    assert "(not in this course of Canvas): ada" in sent.stderr
