"""`grader audit` and `translate`: what an author calls, and what is said of it."""

from __future__ import annotations

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


class TestAudit:
    def test_a_mutant_that_no_check_tells_from_the_solution(self, place: Path) -> None:
        told = call("audit", "--markdown", status=1)
        assert "| double |" in told
        assert "detach()" in call("audit", status=1)

    def test_a_submission_that_does_not_get_what_it_deserves(self, place: Path) -> None:
        wrong = place / "course/tests/submissions/double/right/a.py"
        wrong.parent.mkdir(parents=True)
        wrong.write_text("def double(x):\n    return x\n")
        for form in ((), ("--markdown",)):
            assert "a.py earns 0 of 10 points" in " ".join(call("audit", *form, status=1).split())

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

    def test_the_checks_of_an_assignment(self, place: Path) -> None:
        (place / "hidden").mkdir()
        (place / "hidden" / "double.py").write_text(
            "import pytest\nfrom grader import points\n\n\n@points(1)\ndef test_more(student):\n    pytest.skip()\n"
        )
        (place / "a.toml").write_text(
            '[[exercise]]\nname = "double"\ninstructor_checks = "hidden/double.py"\n'
        )
        told = call("audit", "--lint", "--assignment", "a.toml", status=1)
        assert "hidden/double.py, line 6: test_more has no docstring" in told
        assert "test_more skips itself" in told
        told = call("audit", "--assignment", "a.toml", status=2)
        assert "Skipped" in told
        assert "not with --causes" in call("audit", "--assignment", "a.toml", "--causes", status=2)

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
