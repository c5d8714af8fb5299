"""Help and errors of the command line in the language that was asked for, click's own words too."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from grader import language
from grader.cli import main
from grader.cli.click_words import WORDS


@pytest.mark.parametrize(
    ("arguments", "korean"),
    [
        (["--help"], ["사용법:", "옵션:", "명령:", "이 안내를 보여 주고 끝냅니다."]),
        (["check", "--help"], ["사용법:", "기본값:"]),
        (["check", "--nope"], ["오류: '--nope': 그런 옵션은 없습니다."]),
        (["nope"], ["오류: 'nope': 그런 명령은 없습니다."]),
        (["check", "--seed", "x"], ["값이 잘못되었습니다"]),
    ],
)
def test_in_korean(
    arguments: list[str], korean: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "")
    monkeypatch.setenv("GRADER_LANG", "ko")
    told = CliRunner().invoke(main, arguments)
    for text in korean:
        assert text in told.output
    assert "Usage:" not in told.output
    # an instructor's command speaks English
    assert "Usage:" in CliRunner().invoke(main, ["grade", "--help"]).output
    monkeypatch.setenv("GRADER_LANG", "en")
    assert "Usage:" in CliRunner().invoke(main, arguments).output or arguments[0] == "nope"


def test_every_word_has_a_korean_one() -> None:
    with language.speaking("ko"):
        assert [word for word in WORDS if language._(word) == word] == []
