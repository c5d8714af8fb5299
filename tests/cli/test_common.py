"""What the commands share: the language, names, how a wrong call is told, and what cannot be written."""

from __future__ import annotations

import inspect
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from grader import language
from grader.cli import main
from grader.cli.common import counted, named_in, opened, refuse, started_machines, tell, writing
from grader.course.catalog import Course
from grader.errors import DeviceError, GradebookError, InputError, OutputError
from grader.machines import Machines


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1234, "1,234 files")]
)
def test_a_number_and_its_noun_agree(number: int, text: str) -> None:
    assert counted(number, "file") == text


def test_a_refusal_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    """It may name what a student wrote, and stand in a log that obeys commands."""
    with pytest.raises(SystemExit) as ended:
        refuse("one\ntwo \x1b[2J ::error::three")
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("grader: one two ")
    assert "\x1b" not in printed.err
    assert not any(line.startswith("::") for line in printed.err.splitlines())


def test_what_is_told_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    tell("one\n::error::two \x1b[2J")
    tell("x" * 50, 10)
    printed = capsys.readouterr()
    assert printed.out == ""
    first, second, third = printed.err.splitlines()
    assert first == "grader: one"
    assert second.startswith(": :error: :two ")
    assert "\x1b" not in second
    assert third == "grader: xxxxxxxxxx… (50 characters)"


def test_what_cannot_be_written_is_told_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "x" / "report.json"
    told = r"x/report\.json cannot be written: No such file"
    with pytest.raises(OutputError, match=told), writing(file):
        file.write_text("")
    with pytest.raises(OutputError, match="x cannot be written: odd"), writing(Path("x")):
        raise OSError("odd")


def test_names_are_put_into_the_courses_order(course: Course) -> None:
    first, second, *_ = course.names
    assert [each.name for each in named_in(course, [second, first, second])] == [first, second]
    assert named_in(course, []) == list(course.exercises)
    with pytest.raises(InputError, match=f"no exercise 'x'.*{first}, {second}"):
        named_in(course, [first, "x"])


def test_a_gradebook_is_made_where_that_is_asked_for(tmp_path: Path) -> None:
    book = str(tmp_path / "g.db")
    with pytest.raises(GradebookError), opened(book):
        pass
    with opened(book, create=True) as gradebook:
        assert gradebook.students() == []


def test_devices_that_are_named_have_to_be_there(shared_machines: Machines) -> None:
    with started_machines() as started:
        assert started.devices == ("cpu", "sim")
    with pytest.raises(DeviceError, match="tpu"), started_machines(devices=["cpu", "tpu"]):
        pass


class TestLanguage:
    @pytest.fixture(autouse=True)
    def english_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GRADER_LANG", "en")

    def help_of(self, *arguments: str) -> str:
        try:
            result = CliRunner().invoke(main, [*arguments, "--help"])
            assert result.exit_code == 0, result.output
            return " ".join(result.output.split())  # lines are broken as the terminal is wide
        finally:
            CliRunner().invoke(main, ["--lang", "en", "--help"])

    def test_help_is_told_in_it_and_in_english_again(self) -> None:
        english = self.help_of("check")
        korean = self.help_of("--lang", "ko", "check")
        assert korean != english == self.help_of("check")
        assert any("가" <= letter <= "힣" for letter in korean)
        option = "Exit status 0 whenever the grading itself worked, whatever the points"
        assert (option in english, option in korean) == (True, False)

    def test_an_instructors_commands_speak_english(self) -> None:
        assert self.help_of("--lang", "ko", "grade") == self.help_of("grade")

    def test_the_environment_names_one_that_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GRADER_LANG", "xx")
        result = CliRunner().invoke(main, ["list"])
        assert result.exit_code == 2
        assert "GRADER_LANG is 'xx'" in result.stderr
        assert language.current() == "en"


def commands(group: click.Group = main, path: str = "grader") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = [(path, group)]
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{path} {name}")
        else:
            found.append((f"{path} {name}", command))
    return found


@pytest.mark.parametrize(("path", "command"), commands())
def test_every_command_and_option_is_explained(path: str, command: click.Command) -> None:
    """In sentences: a command's first line says what it does, and every option has a help text."""
    first = inspect.cleandoc(command.help or "").split("\n\n")[0]
    assert first[:1].isupper(), path
    assert first.endswith("."), path
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{path} {option.name}"
            assert option.help.rstrip()[-1] in ".:", f"{path} {option.name}: {option.help}"
