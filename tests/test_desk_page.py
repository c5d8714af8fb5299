"""The desk in a real browser: by keyboard alone, two at once, and what must never happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from grader.classroom.gradebook.comments import Spot, add_comment
from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.reader import Gradebook
from grader.classroom.gradebook.regrade_requests import ask_for_regrade
from grader.classroom.gradebook.rubric import add_item, give_item
from grader.classroom.records import Enrolled
from tests.browsers import Tabs, needs_chromium
from tests.desks import HOSTILE, class_at_a_desk
from tests.served import desk_of

pytestmark = [needs_chromium, pytest.mark.timeout(300)]  # on a machine that is busy
Open = Callable[..., Page]


def ready(page: Page) -> None:
    """Waits until the page listens to keys."""
    expect(page.locator("html[data-ready]")).to_be_attached()


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Tabs:
    return Tabs(browser, harmless="409")  # that a form was refused is said there as well


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Gradebook]:
    with class_at_a_desk(tmp_path / "grades.db", half_points=True) as opened:
        add_item(opened, "no docstring", -0.5, who="me")
        add_item(opened, "`x` is an unclear name", -2, who="me", exercise="my_linear")
        ask_for_regrade(opened, HOSTILE, f"please {HOSTILE}", who="me")
        yield opened


@pytest.fixture
def visit(tabs: Tabs, book: Gradebook) -> Iterator[Open]:
    """Opens the desk; when the test is over, nothing may have gone elsewhere, gone wrong or been obeyed."""
    with desk_of(book, "Prof. Curie") as address:
        root = address.partition("?")[0]

        def start(path: str = "", scheme: str = "light", width: int = 1280) -> Page:
            page = tabs.open(address, root=root, scheme=scheme, width=width)
            expect(page.get_by_role("heading", name="To look at")).to_be_visible()
            if path:
                page.goto(root + path)
            ready(page)
            return page

        yield start
        troubles = tabs.leave()
    assert troubles == []


def test_a_student_is_graded_with_the_keyboard_alone(visit: Open, book: Gradebook) -> None:
    page = visit()
    keys = page.keyboard
    keys.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    keys.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    keys.press("j")  # the first of the queue
    expect(page.get_by_role("link", name="Ada Lovelace")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada Lovelace")
    ready(page)
    for _ in range(3):
        keys.press("j")
    keys.press("k")
    expect(page.get_by_role("button", name="Comment on line 2")).to_be_focused()
    keys.press("J")  # on to the line of the check that failed
    keys.press("c")
    keys.type("Where is the bias? 1 2 3 j k")
    keys.press("Control+Enter")
    expect(page.locator("#L0-0-5 .comment .text")).to_have_text("Where is the bias? 1 2 3 j k")
    ready(page)
    keys.press("1")
    expect(page.get_by_role("button", name="no docstring")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".total")).to_have_text("3.5 of 10")
    ready(page)
    keys.press("1")
    expect(page.locator(".total")).to_have_text("4 of 10")
    ready(page)
    keys.press("a")
    keys.type("2.5")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("the statement was unclear")
    keys.press("Enter")
    expect(page.locator(".total")).to_have_text("6.5 of 10")
    ready(page)
    keys.press("l")
    expect(page.get_by_role("heading", name="To look at")).to_have_count(0)
    ready(page)
    keys.press("n")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"José {HOSTILE}")
    record = book.record("ada")
    [comment] = record.comments
    assert (comment.line, comment.who) == (5, "Prof. Curie")
    assert [(each.points, each.who) for each in record.adjustments] == [(2.5, "Prof. Curie")]


def test_what_is_half_written_is_not_lost(visit: Open, book: Gradebook) -> None:
    page = visit("student?id=ada")
    page.get_by_role("button", name="Comment on line 3").click()
    field = page.locator("#comment-form textarea")
    field.fill("half a thought")
    page.keyboard.press("Escape")
    page.keyboard.press("2")  # sends another form
    expect(page.locator(".total")).to_have_text("2 of 10")
    ready(page)
    page.get_by_role("button", name="Comment on line 4").click()
    expect(field).to_have_value("")
    page.get_by_role("button", name="Comment on line 3").click()
    expect(field).to_have_value("half a thought")
    page.get_by_role("button", name="Save Ctrl Enter").click()
    expect(page.locator("#L0-0-3 .comment")).to_have_count(1)
    assert [each.line for each in book.record("ada").comments] == [3]


def test_two_at_once_do_not_lose_each_others_work(visit: Open, book: Gradebook) -> None:
    one, other = visit("student?id=ada"), visit("student?id=ada")
    for page, text in ((one, "for the effort"), (other, "for the drawing")):
        page.get_by_label("Points", exact=True).last.fill("1")
        page.get_by_label("Reason, which the student reads").fill(text)
    one.get_by_role("button", name="Give", exact=True).click()
    expect(one.locator(".total")).to_have_text("5 of 10")
    ready(one)
    other.get_by_role("button", name="Give", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Somebody else was faster")
    expect(other.get_by_role("alert")).to_contain_text("+1 by Prof. Curie: for the effort")
    expect(other.get_by_label("Reason")).to_have_value("for the drawing")
    assert book.record("ada").by_hand == 1
    other.get_by_role("button", name="Save mine all the same").click()
    expect(other.locator(".total")).to_have_text("6 of 10")
    ready(other)
    # comments at one line are kept, both
    for page, text in ((one, "mine"), (other, "yours")):
        page.get_by_role("button", name="Comment on line 4").click()
        page.locator("#comment-form textarea").fill(text)
    for page in (one, other):
        page.get_by_role("button", name="Save Ctrl Enter").click()
        expect(page.locator("#L0-0-4 .comment").first).to_be_visible()
    expect(other.locator("#L0-0-4 .comment")).to_have_count(2)
    assert {each.text for each in book.record("ada").comments} == {"mine", "yours"}


def test_letters_can_be_no_keys(visit: Open) -> None:
    page = visit("student?id=ada")
    page.get_by_role("button", name="Keys ?").click()
    page.get_by_label("Single letters are keys").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.reload()
    ready(page)
    page.keyboard.press("1")
    page.keyboard.press("s")
    expect(page.locator(".total")).to_have_text("4 of 10")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(visit: Open, book: Gradebook, scheme: str) -> None:
    """axe finds nothing on any page; in the dark theme it looks at what is different there."""
    give_item(book, "ada", 1, who="me")
    add_comment(book, "ada", "Is that copied?", who="me", for_colleagues=True)
    add_comment(book, "ada", "Why?", who="me", spot=Spot("my_linear", 6))
    book.adjust("ada", 1.5, why="kind", who="me")
    page = visit(scheme=scheme)
    root = page.url
    options = {"preload": False} | ({"runOnly": ["color-contrast"]} if scheme == "dark" else {})
    light = ("", "students", "rubric", "student?id=ada&queue=1", "student?id=bob")
    for path in light if scheme == "light" else light[3:4]:
        page.goto(root + path)
        page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true })")
        if path.startswith("student?id=ada"):
            ready(page)
            page.get_by_role("button", name="Comment on line 5").click()
            expect(page.locator("#L0-0-5 #comment-form")).to_be_visible()
        results = Axe().run(page, options=options)
        found = [
            (one["impact"], one["id"], one["nodes"][0]["html"][:200], len(one["nodes"]))
            for one in results.response["violations"]
        ]
        assert found == [], path
        assert results.response["passes"]


def test_on_a_phone_nothing_sticks_out(visit: Open, book: Gradebook) -> None:
    enrol(book, None, [Enrolled("a" * 190, "A" * 190)])  # next to Ada
    page = visit(width=390)
    root = page.url
    for path in ("", "students", "rubric", "student?id=ada"):
        page.goto(root + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_paper_is_light(visit: Open) -> None:
    page = visit("student?id=ada", scheme="dark")
    page.emulate_media(media="print")
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert colour == "rgb(255, 255, 255)"
