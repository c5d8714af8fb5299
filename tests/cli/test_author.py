"""`grader release`, `audit` and `translate`: what an author calls, and what is said of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.authoring.behaviour.behaviour_audit import BehaviourAudit, WrongBehaviour
from grader.authoring.named_causes import Verdict
from grader.cli import main
from grader.course.catalog import Course
from grader.machines import Machines
from tests.synthetic_course import make_course


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_machines: Machines) -> Path:
    """A folder with a course in it."""
    make_course(tmp_path / "course")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, [*arguments, "--course", "course"])
    assert result.exit_code == status, result.output
    return result.output


class TestRelease:
    def test_into_the_courses_own_folder(self, place: Path) -> None:
        stub = place / "course" / "exercises" / "double.py"
        before = stub.read_text()
        stub.unlink()
        assert call("release").strip() == "course/exercises/double.py"
        assert stub.read_text() == before
        assert "raise NotImplementedError" in before

    def test_elsewhere_as_notebooks_in_another_language(self, place: Path) -> None:
        call("release", "double", "--notebooks", "--lang", "ko", "--output", "new/ko")
        notebook = json.loads((place / "new/ko/double.ipynb").read_text(encoding="utf-8"))
        assert "%%check double --lang ko" in "".join(notebook["cells"][-1]["source"])

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["nothing"], "no exercise 'nothing'"),
            (["--lang", "ko"], "need a folder of their own: --lang ko --output DIR"),
            (["--assignment", "a.toml"], "--assignment needs --classroom DIR"),
            (["double", "--classroom", "new"], "the assignment's file says what is released"),
            (
                ["--notebooks", "--gradescope", "new.zip"],
                "the assignment's file says what is released",
            ),
            (["--classroom", "new"], "assignment.toml cannot be read"),
            (["--classroom", "new", "--assignment", "copy.toml"], "is the students' copy"),
            (["--classroom", "new", "--assignment", "a.toml"], "names no grader"),
        ],
    )
    def test_a_wrong_call(self, place: Path, arguments: list[str], told: str) -> None:
        (place / "a.toml").write_text('[[exercise]]\nname = "double"\n')
        copy = '[[exercise]]\nname = "double"\nchecks = { double = 5 }\nheld_back = 5\n'
        (place / "copy.toml").write_text(copy)
        assert told in call("release", *arguments, status=2)
        assert not (place / "new").exists()

    def test_what_an_assignment_gives_out(self, place: Path) -> None:
        text = '[ci]\ngrader = "0.1.0"\n[[exercise]]\nname = "double"\nvisibility = "instructor"\n'
        (place / "assignment.toml").write_text(text)
        told = call(
            "release", "--classroom", "template", "--classroom50", "bundle", "--gradescope", "a.zip"
        )
        for name in ("template", "template-protected.json", "bundle", "a.zip"):
            assert (place / name).exists()
            assert name in told
        # the grader that students get holds the code of what it does not run
        assert "double.double. To keep it out, put them into a file of their own" in told


class TestAudit:
    def test_a_mutant_that_no_check_tells_from_the_solution(self, place: Path) -> None:
        told = call("audit", "--markdown", status=1)
        assert "| double |" in told
        assert "detach()" in call("audit", status=1)

    def test_a_submission_that_does_not_get_what_it_deserves(self, place: Path) -> None:
        wrong = place / "course/tests/submissions/double/right/a.py"
        wrong.parent.mkdir(parents=True)
        wrong.write_text("def double(x):\n    return x\n")
        assert "a.py earns 0 of 10 points" in " ".join(call("audit", status=1).split())

    def test_only_the_content(self, place: Path) -> None:
        assert call("audit", "--lint").strip() == "1 exercise, nothing amiss."
        (place / "course/exercises/double.py").write_text("x = 1\n")
        assert "is not what the solution gives" in call("audit", "--lint", status=1)

    def test_causes(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        none: frozenset[str] = frozenset()
        found = [Verdict("double", "a", frozenset({"other"}), none)]
        monkeypatch.setattr("grader.authoring.named_causes.verdicts", lambda *_: iter(found))
        assert "| double |" in call("audit", "--causes", "--markdown")

    def test_behaviour(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        left = WrongBehaviour("double", "in a shared buffer", device_only=False, text="")
        found = [BehaviourAudit("double", 1, killed=3, equivalent=1, survivors=(left,))]
        module = "grader.authoring.behaviour.behaviour_audit.audit_behaviours"
        monkeypatch.setattr(module, lambda *_: iter(found))
        table = call("audit", "--behaviour", "--markdown", status=1)
        assert table.splitlines()[0].startswith("| exercise | functions | mutants |")
        assert "| double | 1 | 5 | 3 | 1 | 1 | 75.0% |" in table
        assert "double: in a shared buffer" in call("audit", "--behaviour", status=1)

    def test_one_thing_is_asked_for_at_a_time(self, place: Path) -> None:
        assert "choose one" in call("audit", "--behaviour", "--causes", status=2)

    def test_it_needs_the_solutions(self, place: Path) -> None:
        shutil.rmtree(place / "course" / "solutions")
        assert "the audit needs the solutions" in call("audit", status=2)

    @pytest.mark.parametrize("option", ["--jobs", "--seeds"])
    def test_numbers_have_bounds(self, place: Path, option: str) -> None:
        assert "is not in the range" in call("audit", "--lint", option, "-1", status=2)


class TestTranslate:
    def test_until_all_is_translated(self, place: Path) -> None:
        file = place / "course/locale/ko/LC_MESSAGES/messages.po"
        assert "is not translated" in call("translate", status=1)
        text = file.read_text(encoding="utf-8")
        head, *entries = text.split("\n\n")
        translated = [entry.replace('msgstr ""', 'msgstr "x"') for entry in entries]
        file.write_text("\n\n".join([head, *translated]), encoding="utf-8")
        told = call("translate", status=1)  # names between backticks have to be the same
        assert "has other code" in told
        assert "is not translated" not in told
        assert file.with_suffix(".mo").is_file()

    def test_of_a_course_of_ones_own_the_grader_is_left_alone(
        self, place: Path, monkeypatch: pytest.MonkeyPatch, course: Course
    ) -> None:
        monkeypatch.setattr("grader.language.OWN", place / "grader")
        call("translate", status=1)
        assert not (place / "grader").exists()
