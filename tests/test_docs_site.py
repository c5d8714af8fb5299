"""The documentation as a site: one strict build, and what must be in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest
from playwright.sync_api import Browser, expect

import grader
from grader.cli import main
from tests.browsers import PATIENCE, needs_chromium
from tests.conftest import ROOT
from tests.markdown_links import dead

# one build, which takes six seconds of a processor, and a minute where there is much else to do
pytestmark = [pytest.mark.xdist_group("docs_site"), pytest.mark.timeout(300)]


class Page(HTMLParser):
    """What a page of the site links, loads, and can be linked to by."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("src", "srcset", "data") or (name == "href" and tag == "link"):
                self.loads.append(value or "")


read = cache(Page)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make docs` builds it: a warning would be an error, and printed."""
    out = tmp_path_factory.mktemp("site")
    [command] = re.findall(
        r"^SPHINX = \$\(BIN\)/python (.+)$", (ROOT / "Makefile").read_text(), re.M
    )
    done = subprocess.run(
        [sys.executable, *command.split(), ".", out], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return out


def pages(site: Path) -> Iterator[Path]:
    return (path for path in site.rglob("*.html") if "_static" not in path.parts)


def test_every_page_is_there_as_markdown_as_well(site: Path) -> None:
    made = {"index", "genindex", "search"}
    html = {path.relative_to(site).with_suffix("").as_posix() for path in pages(site)} - made
    markdown = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.md")}
    assert html == markdown
    assert {f"docs/{path.stem}" for path in (ROOT / "docs").glob("*.md")} < html
    for name in html:
        assert f"{Path(name).name}.md" in read(site / f"{name}.html").links, name


def test_the_list_of_pages_leads_to_each_as_markdown(site: Path) -> None:
    text = (site / "llms.txt").read_text(encoding="utf-8")
    listed = {(site / link).resolve() for link in re.findall(r"\]\(([^)#]+\.md)", text)}
    assert listed == {path.resolve() for path in site.rglob("*.md")} - {
        site.resolve() / "docs/index.md"
    }


def test_links_lead_somewhere_in_html_and_in_markdown(site: Path) -> None:
    wrong = []
    for path in pages(site):
        for link in read(path).links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            named = unquote(parts.fragment)
            if not there.is_file() or (named and named not in read(there).ids):
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert wrong == []
    assert [each for path in site.rglob("*.md") for each in dead(path, site)] == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for path in pages(site):
        assert [each for each in read(path).loads if re.match(r"(\w+:)?//", each)] == [], path
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(@import|url\()\s*[\"']?(\w+:)?//", text), path


def test_every_public_name_has_its_place(site: Path) -> None:
    ids = read(site / "docs/api.html").ids
    text = (site / "docs/api.md").read_text(encoding="utf-8")
    for name in grader.__all__:
        assert f"grader.{name}" in ids, name
        assert re.search(rf"^### `{name}`$", text, re.M), name
    assert "grader.Draw.numbers" in ids
    assert "- `submission`: what to grade" in text


def test_every_command_and_option_is_told(site: Path) -> None:
    text = (site / "docs/commands.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^#+ `(.+?)`\n(.*?)(?=^#|\Z)", text, re.M | re.S))

    def told(command: click.Command, path: str) -> None:
        for each in command.params:
            for name in each.opts if isinstance(each, click.Option) and each.name != "lang" else ():
                assert re.search(rf"^\| `(.*, )?{name}\b", sections[path], re.M), (path, name)
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                told(inner, f"{path} {name}")

    for name, command in main.commands.items():
        told(command, f"grader {name}")


def test_every_key_of_the_schema_is_told(site: Path) -> None:
    text = (site / "docs/schema.md").read_text(encoding="utf-8")
    schema = json.loads((ROOT / "grader/report.schema.json").read_text(encoding="utf-8"))

    def keys(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from node.get("properties", {})
        for inner in (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        ):
            yield from keys(inner)

    assert {*keys(schema)} == {*re.findall(r"^\| `(\w+)` \|", text, re.M)}


@needs_chromium
def test_the_search_finds_pages_from_disk_and_asks_nobody(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for word, found in (
        ("seccomp", "What the sandbox promises"),
        ("채점기", "학생을 위한 안내"),
    ):
        page.goto((site / "docs" / "index.html").as_uri())
        page.get_by_role("searchbox").or_(page.get_by_placeholder("Search")).fill(word)
        page.keyboard.press("Enter")
        expect(
            page.locator("#search-results").get_by_role("link", name=found).first
        ).to_be_visible()
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
