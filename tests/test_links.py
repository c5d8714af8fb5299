"""Links in every Markdown file of the repository: the file is there, and so is the heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader import load_course
from tests.conftest import ROOT
from tests.markdown_links import anchors, dead

FOLDERS = (".github", "benchmarks", "docs", "examples", "tests")
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert dead(page, ROOT) == []


def test_pages_that_the_code_names_are_there() -> None:
    named = {
        name
        for folder in ("grader", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"\bdocs/[\w-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_headings_are_named_as_on_github(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# `grader check`: a *first* look!\n\n## Twice\n\n## Twice\n\n## 한국어 안내\n\n```sh\n# none\n```\n\nIt\n--\n",
        encoding="utf-8",
    )
    assert anchors(page) == {"grader-check-a-first-look", "twice", "twice-1", "한국어-안내", "it"}


@pytest.mark.parametrize(
    ("link", "wrong"),
    [
        ("other.md", False),
        ("other.md#there", False),
        ("#here", False),
        ("https://example.org/nowhere", False),
        ("a%20b.txt", False),
        ("none.md", True),
        ("other.md#here", True),
        ("#there", True),
        ("a%20b.txt#here", True),
        ("/other.md", True),
        ("../page.md", True),
    ],
)
def test_a_dead_link_is_found(tmp_path: Path, link: str, wrong: bool) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (tmp_path / "page.md").touch()
    (top / "other.md").write_text("# There\n")
    (top / "a b.txt").touch()
    page = top / "page.md"
    page.write_text(f"# Here\n\n| table |\n|---|\n| ![picture and link]({link}) |\n")
    assert bool(dead(page, top)) == wrong


def test_what_the_tables_of_the_posts_name_is_there() -> None:
    units, *posts = (ROOT / "docs" / "seeds.md").read_text(encoding="utf-8").split("\n## ")[1:]
    course = load_course(ROOT)
    assert {each.unit for each in course.exercises} <= set(
        re.findall(r"^\| ([^|]+) \|", units, re.M)
    )
    rows = re.findall(r"^\| (.+?) \|(.*)\|$", "\n".join(posts), re.M)
    named = {name for _what, where in rows for name in re.findall(r"`([\w.]+)`", where)}
    empty = [what for what, where in rows if not re.fullmatch(r" `[\w.]+`(, `[\w.]+`)* ", where)]
    assert empty == ["what the post has"] * len(posts)
    assert set(course.names) <= {name.partition(".")[0] for name in named}
    for name in sorted(named):
        exercise, _dot, check = name.partition(".")
        text = (ROOT / "grader" / "checks" / f"{exercise}.py").read_text(encoding="utf-8")
        assert not check or f"\ndef test_{check}(" in text, name
