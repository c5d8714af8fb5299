"""Help and errors of the command line in the language that was asked for, click's own words too."""

from __future__ import annotations

import gettext

import pytest
from click.testing import CliRunner

from grader import language
from grader.cli import main
from grader.cli.click_words import PLURALS, WORDS


@pytest.mark.parametrize(
    ("arguments", "korean"),
    [
        (["--help"], ["사용법:", "옵션:", "명령:", "이 안내를 보여 주고 끝냅니다."]),
        (["check", "--help"], ["사용법:", "기본값:"]),
        (["check", "--nope"], ["오류: '--nope': 그런 옵션은 없습니다."]),
        (["nope"], ["오류: 'nope': 그런 명령은 없습니다."]),
        (["check", "--seed", "x"], ["값이 잘못되었습니다"]),
        (["chek"], ["그런 명령은 없습니다.", "혹시 'check'"]),
        (["check", "--lnag", "ko"], ["혹시 '--lang'"]),
        (["check", "--seed"], ["옵션 '--seed'에는 값이 필요합니다."]),
        (["check", "--format", "xml"], ["'xml': 다음 가운데 하나여야 합니다: 'text', 'json'"]),
        (["hint", "a", "b", "c"], ["남는 인자가 있습니다: b c"]),
        (["init"], ["인자가 없습니다"]),
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
    english = CliRunner().invoke(main, arguments).output
    assert not [text for text in korean if text in english]


def test_every_word_has_a_korean_one() -> None:
    with language.speaking("ko"):
        assert [word for word in WORDS if language._(word) == word] == []
        found = gettext.translation("messages", language.OWN, ["ko"])
        for one, several in PLURALS:
            for count in (1, 2):
                assert found.ngettext(one, several, count) not in (one, several)
