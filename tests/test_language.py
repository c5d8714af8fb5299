"""Which language is spoken, and which catalogue is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from grader import language
from grader.errors import TranslationError


@pytest.fixture
def forgetting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is learned in a test is forgotten after it."""
    monkeypatch.setattr(language, "_folders", [language.OWN])
    yield
    language.use("en")


def catalogue(course: Path, **texts: str) -> Path:
    """A course's folder with a Korean catalogue."""
    made = Catalog(locale="ko")
    for text, korean in texts.items():
        made.add(text.replace("_", " "), korean)
    folder = course / "locale" / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, made)
    return course


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "ko", "LC_MESSAGES": "en_US.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": ""}, "ko"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "ko_KR", "GRADER_LANG": "en"}, "en"),
        ({"GRADER_LANG": "ko"}, "ko"),
    ],
)
def test_the_environment_decides(environment: dict[str, str], wanted: str) -> None:
    assert language.preferred(environment) == wanted


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("pt_BR.UTF-8", "pt_BR"),
        ("pt-BR", "pt_BR"),
        ("pt_PT", "pt_BR"),
        ("pt", "pt_BR"),
        ("ko_KR", "ko"),
    ],
)
def test_a_language_of_one_country(
    asked: str, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ko", "pt_BR"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(language, "OWN", tmp_path)
    assert language.preferred({"LANG": asked}) == wanted


def test_speaking_ends() -> None:
    assert language._("All points.") == "All points."
    with language.speaking("ko"):
        assert language._("All points.") == "만점입니다."
        assert language._("") == ""
        assert language._("no text of ours") == "no text of ours"
    assert language._("All points.") == "All points."
    with pytest.raises(KeyError), language.speaking("ko"):
        raise KeyError
    assert language.current() == "en"


def test_the_languages_are_english_and_those_with_a_folder() -> None:
    assert language.languages() == ("en", "ko")
    with language.speaking("xx"):
        # what nobody has translated is English
        assert language._("All points.") == "All points."


def test_languages_within_languages() -> None:
    with language.speaking("ko"):
        with language.speaking("en"):
            assert language._("All points.") == "All points."
        assert language.current() == "ko"


def test_marking_changes_nothing() -> None:
    with language.speaking("ko"):
        assert language.N_("All points.") == "All points."


@pytest.mark.usefixtures("forgetting")
def test_a_courses_words_come_before_the_graders(tmp_path: Path) -> None:
    one = catalogue(tmp_path / "one", Twice_a_tensor="텐서의 두 배", Doubling="하나")
    two = catalogue(tmp_path / "two", Doubling="둘")
    three = tmp_path / "three"  # has none
    three.mkdir()
    with language.speaking("ko"):
        assert language._("Doubling") == "Doubling"
        for course in (one, two, three, one, one):
            language.learn(course)
        # learned while it is spoken; the last one that was learned is asked first
        assert language._("Doubling") == "하나"
        language.learn(two)
        assert language._("Doubling") == "둘"
        assert language._("Twice a tensor") == "텐서의 두 배"
        assert language._("All points.") == "만점입니다."
    assert language.learned() == (language.OWN, one / "locale", two / "locale")
    assert language._("Doubling") == "Doubling"


@pytest.mark.usefixtures("forgetting")
def test_longer_texts_are_translated_paragraph_by_paragraph(tmp_path: Path) -> None:
    text = "Doubling\n\nTwice a tensor\n \n\nNot this."
    assert language.paragraphs(text) == ["Doubling", "Twice a tensor", "Not this."]
    assert language.translated("a\nb") == "a\nb"
    language.learn(catalogue(tmp_path, Twice_a_tensor="텐서의 두 배", Doubling="두 배"))
    with language.speaking("ko"):
        assert language.translated(text) == "두 배\n\n텐서의 두 배\n\nNot this."


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\xde\x12\x04\x95", b"\xde\x12\x04\x95" + b"\xff" * 99]
)
@pytest.mark.usefixtures("forgetting")
def test_a_catalogue_that_cannot_be_read_changes_nothing(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "locale" / "ko" / "LC_MESSAGES" / "messages.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    known = language.learned()
    with language.speaking("ko"):
        before = language._("All points.")
        with pytest.raises(TranslationError, match=r"messages\.mo"):
            language.learn(tmp_path)
        assert language.current() == "ko"
        assert language._("All points.") == before != "All points."
    assert language.learned() == known
