"""The report's page in a real browser, from disk: what an instructor does with it, and what must never happen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from grader.classroom.records import Enrolled, FileText, Record
from grader.classroom.report.report_folder import write_report
from grader.classroom.similarity.pairs import Finding, Pair, SharedCode
from grader.classroom.totals.scheme import Scheme
from grader.classroom.totals.total import totals_of
from grader.classroom.totals.totals_folder import write_totals
from grader.report import CheckResult
from tests.browsers import Tabs, needs_chromium
from tests.classes_of_marks import LATER, book, mark
from tests.synthetic import HOSTILE, hostile_class, made_class, not_graded, with_code, with_statuses

pytestmark = [needs_chromium, pytest.mark.timeout(300)]  # on a machine that is busy
SIZE = 120
VIEWS = ("overview", "exercises", "mistakes", "students", "similar", "student-16", "pair-0")
Open = Callable[..., Page]


def records() -> list[Record]:
    return [*made_class(SIZE), *hostile_class()]


def finding() -> Finding:
    """Two of the hostile, whose code is hostile too."""
    pair = Pair(
        (SIZE, SIZE + 1),
        40.0,
        0.97,
        "evidence 40, where up to 20 is usual",
        (SharedCode("losses", 40.0, 0.97),),
    )
    texts = (
        {"losses": "x = 1\n" + HOSTILE[0]},
        {"losses": "y = 1\n" + HOSTILE[1] + "\n" + HOSTILE[5]},
    )
    marks = ({"losses": frozenset({2})}, {"losses": frozenset({2, 3})})
    return Finding(pair, (HOSTILE[0], HOSTILE[1]), texts, marks)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("page") / "a class #1"
    title = 'Class of "26" </title><script>window.obeyed=1</script>'
    write_report(records(), where, title=title, parts=["page"], findings=[finding()])
    return where


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with fewer rows: axe looks at every one of them."""
    where = tmp_path_factory.mktemp("small") / "class"
    few = [*made_class(17, exercises=2), *list(hostile_class())[:1]]
    few[16] = with_code(few[16])
    write_report(few, where, title="Class", parts=["page"], findings=[finding()])
    return where


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def visit(tabs: Tabs, folder: Path) -> Iterator[Open]:
    """Opens the report; when the test is over, nothing may have left the page, gone wrong or been obeyed."""

    def start(view: str = "", scheme: str = "light", where: Path = folder) -> Page:
        address = (where / "index.html").as_uri() + (f"#{view}" if view else "")
        return tabs.open(address, root=where.as_uri(), scheme=scheme)

    yield start
    assert tabs.leave() == []


def cells(page: Page, column: int) -> list[str]:
    return page.locator(f"#students-table tbody tr td:nth-child({column})").all_inner_texts()


def background(page: Page) -> str:
    found: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return found


def search_box(page: Page) -> Locator:
    return page.locator("[data-view=students]").get_by_role("searchbox", name="Search")


def go_to(page: Page, view: str) -> None:
    """By its address, as a link does; the heading has the focus when all of the part is there."""
    page.evaluate("view => { document.activeElement.blur(); location.hash = view }", view)
    name = re.split(r"[-?]", view)[0]
    expect(page.locator(f"[data-view={name}] h1"), view).to_be_focused()


def test_overview(visit: Open) -> None:
    page = visit()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    handed_in = sum(record.report is not None for record in records())
    tile = page.locator(".tiles div").filter(has_text="handed in")
    expect(tile.locator("dd")).to_have_text(f"{handed_in} of {len(records())}")
    expect(page.get_by_role("img", name="Histogram of the scores")).to_be_visible()
    page.get_by_text("The numbers of this chart").click()
    counts = page.locator("[data-view=overview] .charts tbody td:nth-child(2)").all_inner_texts()
    assert sum(map(int, counts)) == handed_in


def test_sorting(visit: Open) -> None:
    page = visit("students")
    column = 5
    assert page.locator("#students-table thead th").nth(column - 1).inner_text().strip() == "score"
    scores = [-1 if record.score is None else record.score for record in records()]
    best = ["–" if score < 0 else str(score) for score in sorted(scores, reverse=True)]
    header = page.get_by_role("columnheader", name="score")
    header.click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert cells(page, column) == best[::-1][:50]
    header.click()
    expect(header).to_have_attribute("aria-sort", "descending")
    assert cells(page, column) == best[:50]


def test_searching_and_turning_pages(visit: Open) -> None:
    page = visit("students")
    info = page.locator("[data-view=students] .dt-info")
    expect(info).to_have_text(f"1 to 50 of {SIZE + len(HOSTILE)}")
    page.get_by_role("link", name="Next").or_(page.get_by_role("button", name="Next")).click()
    expect(info).to_have_text(f"51 to 100 of {SIZE + len(HOSTILE)}")
    wanted = [record for record in made_class(SIZE) if "Lovelace" in record.student.name]
    search_box(page).fill("lovelace")
    expect(info).to_contain_text(f"of {len(wanted)}")
    assert cells(page, 2) == [record.student.id for record in wanted]
    search_box(page).fill("no such words")
    expect(page.get_by_text("Nothing here has these words.")).to_be_visible()


def drawn_of(record: Record) -> list[str]:
    """The kinds of the pictures that a student's page shows."""
    exercises = record.report.exercises if record.report else ()
    shown = [each for each in exercises if each.status not in ("missing", "not_attempted")]
    return [p.kind for each in shown for check in each.checks for p in check.pictures]


def test_a_student(visit: Open) -> None:
    record = next(r for r in made_class(SIZE) if r.adjustments and len(set(drawn_of(r))) == 2)
    assert record.report
    page = visit("students")
    search_box(page).fill(record.student.id)
    page.get_by_role("link", name=record.student.name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(record.student.name)
    expect(page.locator(".total")).to_have_text(f"{record.score} of 180 points")
    expect(page.locator(".sums")).to_contain_text("The statement was unclear.")
    expect(page.locator(".exercise")).to_have_count(len(record.report.exercises))
    for exercise, shown in zip(
        record.report.exercises, page.locator(".exercise").all(), strict=True
    ):
        expect(shown.locator("h2")).to_contain_text(f"{exercise.score} / {exercise.max_score}")
        told = shown.inner_text()
        for check in exercise.checks if exercise.status not in ("missing", "not_attempted") else ():
            assert check.name in told
            assert check.message in told
            assert check.cause.replace("`", "") in told
    drawn = drawn_of(record)
    expect(page.locator(".exercise figure svg rect")).to_have_count(6 * drawn.count("error"))
    expect(page.locator(".exercise figure svg polyline")).to_have_count(2 * drawn.count("curves"))
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".facts")).to_contain_text(str(int(record.student.id) + 1))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(record.student.name)


def test_who_made_a_mistake(visit: Open) -> None:
    page = visit("mistakes")
    row = page.locator("[data-view=mistakes] tbody tr").first
    count = int(row.locator("td").first.inner_text())
    text = row.locator("td").nth(1).inner_text()
    row.get_by_role("link", name="all").click()
    expect(page.get_by_role("status").filter(has_text="students:")).to_have_text(
        f"{count} students: {text}"
    )
    expect(page.locator("[data-view=students] .dt-info")).to_contain_text(f"of {count} ")
    page.get_by_role("link", name="Show everybody").click()
    expect(page.locator("[data-view=students] .dt-info")).to_contain_text(
        f"of {SIZE + len(HOSTILE)}"
    )


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three students whom a broken check met, and one whose source is to be looked at."""
    where = tmp_path_factory.mktemp("troubled") / "class"
    few = [*made_class(8, exercises=2), *map(not_graded, ("eve", "fay", "gus"))]
    report = few[0].report
    assert report
    noted = replace(report.exercises[0], remarks=("line 3 reaches for `sys`",))
    few[0] = replace(few[0], report=replace(report, exercises=(noted, *report.exercises[1:])))
    write_report(few, where, title="Class", parts=["page"])
    return where


def test_who_is_not_graded_has_no_score_on_any_page(visit: Open, troubled: Path) -> None:
    page = visit("overview", where=troubled)
    expect(
        page.get_by_role("heading", name="Not graded, through no fault of theirs")
    ).to_be_visible()
    page.locator(".trouble").get_by_role("link", name="3 students").click()
    expect(page.get_by_role("status").filter(has_text="students:")).to_have_text(
        "3 students: not graded, through no fault of theirs"
    )
    assert cells(page, 1) == ["eve", "fay", "gus"]
    head = page.locator("#students-table thead th").all_inner_texts()
    score = [each.strip() for each in head].index("score") + 1
    assert cells(page, score) == ["–"] * 3
    page.get_by_role("link", name="fay").click()
    expect(page.locator(".total")).to_have_text("not graded")
    expect(page.locator("[data-view=student] pre")).to_contain_text("NameError: x")


def test_what_to_look_at_is_on_the_students_page(visit: Open, troubled: Path) -> None:
    page = visit("overview", where=troubled)
    entry = page.get_by_role("listitem").filter(has_text="line 3 reaches for")
    entry.get_by_role("link").click()
    expect(page.locator(".exercise .remarks")).to_contain_text("line 3 reaches for `sys`")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few students with names of all kinds and with their code, that of the first an attack."""
    where = tmp_path_factory.mktemp("written") / "class"
    names = ("Eve", "José Müller", unicodedata.normalize("NFD", "김민준"), "Søren Ødegård")
    few = [
        replace(with_code(each, 2), student=replace(each.student, name=name))
        for each, name in zip(made_class(4, exercises=2), names, strict=True)
    ]
    report = few[0].report
    assert report
    name = report.exercises[0].name
    check = CheckResult("go", "is right", "failed", 2, 0, "It is 2.", place=f"{name}.py, line 2")
    only = replace(report.exercises[0], checks=(check,), remarks=("line 3 reaches for `sys`",))
    attack = "".join(f"{text}\n" for text in HOSTILE[:3])
    files = {name: FileText(f"{name}.py", ((f"{name}.py", attack),))}
    hand_ins = tuple(
        replace(one, files=files if one.counts else {name: one.files[name]})
        for one in few[0].hand_ins
    )
    few[0] = replace(few[0], report=replace(report, exercises=(only,)), hand_ins=hand_ins)
    write_report([*few, with_statuses("failed")], where, title="Class", parts=["page"])
    return where


def test_the_code_is_text_with_a_mark_at_its_line(visit: Open, written: Path) -> None:
    page = visit("student-0", where=written)
    lines = page.locator(".listing > li > span")
    expect(lines).to_have_text(list(HOSTILE[:3]))
    marked = page.locator(".listing > li.marked")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text(HOSTILE[1])
    expect(marked.locator(".line-mark")).to_have_text("not right: go It is 2.")
    page.locator("details.code > summary").first.click()
    expect(marked).to_be_hidden()
    page.get_by_role("button", name=", line 2").click()
    expect(marked).to_be_focused()
    page.goto(page.url.split("#")[0] + "#student-4")
    expect(page.get_by_role("heading", level=1)).to_have_text("a")
    expect(page.locator("details.code")).to_have_count(0)


def test_what_has_changed_since_an_earlier_hand_in(visit: Open, written: Path) -> None:
    page = visit("student-1", where=written)
    older = page.locator(".older details.code")
    expect(older).to_have_count(2)
    older.first.locator("summary").click()
    changed = older.first.locator(".difference").first
    # of the earlier one, line 1 was another
    expect(changed.locator("li.out")).to_have_text(re.compile("taken out: −value_1 = .* was$"))
    expect(changed.locator("li.in")).to_have_text(re.compile("put in: \\+value_1 = .* line 1$"))
    expect(changed.locator("li.gap")).to_have_text("36 lines that are the same")
    older.first.get_by_role("button", name="Show the whole files").click()
    expect(older.first.locator(".difference").first.locator("li")).to_have_count(41)
    page.goto(page.url.split("#")[0] + "#student-0")
    page.locator(".older summary").first.click()
    expect(page.locator(".difference li.in")).to_have_count(3)
    expect(page.locator(".difference li.out")).to_have_count(40)


def test_names_are_found_however_they_are_typed(visit: Open, written: Path) -> None:
    page = visit("students", where=written)
    info = page.locator("[data-view=students] .dt-info")
    for typed, found in (
        ("Jose", "José Müller"),
        ("jose\u0301 mul", "José Müller"),
        ("김민준", unicodedata.normalize("NFD", "김민준")),
        (unicodedata.normalize("NFD", "김민"), unicodedata.normalize("NFD", "김민준")),
        ("soren odeg", "Søren Ødegård"),
        ("reaches for", "Eve"),
    ):
        search_box(page).fill("")
        expect(info, typed).to_contain_text("1 to 5 of 5")
        search_box(page).fill(typed)
        expect(info, typed).to_contain_text("1 to 1 of 1")
        assert cells(page, 1) == [found], typed


def test_paper_is_light_and_has_everybody(visit: Open, folder: Path) -> None:
    page = visit("students", scheme="dark")
    expect(page.locator("#students-table tbody tr")).to_have_count(50)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#students-table tbody tr")).to_have_count(SIZE + len(HOSTILE))
    assert background(page) == "rgb(255, 255, 255)"
    cell = page.locator("#students-table tbody td").nth(1)
    assert cell.evaluate("e => getComputedStyle(e).color") == "rgb(27, 33, 38)"
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#students-table tbody tr")).to_have_count(50)
    assert background(page) != "rgb(255, 255, 255)"


def test_a_page_for_everybody(visit: Open, written: Path) -> None:
    page = visit("students", where=written)
    page.get_by_role("link", name="Print everybody").click()
    expect(page.get_by_role("status").filter(has_text="ready")).to_have_text(
        "5 of 5 are ready to print."
    )
    expect(page.locator(".sheet")).to_have_count(5)
    expect(page.locator(".listing")).to_have_count(0)
    page.get_by_role("link", name="With the code").click()
    expect(page.locator(".sheet")).to_have_count(5)
    expect(page.locator(".sheet").first.locator(".listing")).to_be_visible()


def test_a_phone_scrolls_in_one_direction(visit: Open, written: Path) -> None:
    page = visit(where=written)
    page.set_viewport_size({"width": 390, "height": 844})
    for view in ("overview", "exercises", "students", "student-1", "print?code=1"):
        go_to(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, view


def test_what_was_not_started_is_not_red(visit: Open, tmp_path: Path) -> None:
    record = with_statuses("failed")
    assert record.report
    stub = replace(record.report.exercises[0], status="not_attempted")
    untouched = replace(record, report=replace(record.report, exercises=(stub,)))
    write_report([record, untouched], tmp_path / "class", title="Class", parts=["page"])
    page = visit("students", where=tmp_path / "class")
    points = page.locator("#students-table td.points")
    expect(points).to_have_text(["0", "–"])
    expect(points.nth(0)).to_have_class(re.compile(r"\bzero\b"))
    expect(points.nth(1)).to_have_class(re.compile(r"\bnone\b"))


def test_who_did_not_pass_a_check_and_who_has_a_score(visit: Open) -> None:
    page = visit("exercises")
    link = page.locator("table[data-table=checks] tbody a").first
    count = int(link.inner_text())
    link.click()
    expect(page.locator("[data-view=students] .dt-info")).to_contain_text(f"of {count} ")
    page.goto(page.url.split("#")[0] + "#students?low=90&high=99")
    wanted = [r for r in made_class(SIZE) if r.report and 90 <= (r.score or 0) <= 99]
    expect(page.locator("[data-view=students] .dt-info")).to_contain_text(f"of {len(wanted)} ")
    assert cells(page, 2) == [record.student.id for record in wanted]


def test_light_and_dark(visit: Open) -> None:
    page = visit(scheme="light")
    assert background(page) == "rgb(255, 255, 255)"
    page.get_by_label("Theme").select_option("dark")
    dark = background(page)
    assert dark == "rgb(20, 24, 28)"
    bar = page.locator("[data-view=overview] svg rect[fill='var(--accent)']").first
    assert bar.evaluate("e => getComputedStyle(e).fill") == "rgb(127, 178, 240)"
    page.reload()
    assert background(page) == dark  # remembered
    page.get_by_label("Theme").select_option("light")
    assert background(page) == "rgb(255, 255, 255)"
    assert background(visit(scheme="dark")) == dark


def test_keyboard_alone(visit: Open) -> None:
    page = visit()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.reload()
    for _ in range(6):
        page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Students", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Students")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    # what prints everybody, the search box, the table's region, then the first column's header
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="name")).to_have_attribute(
        "aria-sort", "ascending"
    )
    first = page.locator("#students-table tbody a").first
    name = first.inner_text()
    first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=name)).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(visit: Open, small: Path, scheme: str) -> None:
    """axe finds nothing in any part; in the dark theme it looks at what is different there."""
    page = visit(scheme=scheme, where=small)
    axe = Axe()
    # its own look at the style sheets would be a request, which the page forbids
    options = {"preload": False} | ({"runOnly": ["color-contrast"]} if scheme == "dark" else {})
    for view in VIEWS:
        go_to(page, view)
        results = axe.run(page, options=options)
        found = [
            (one["impact"], one["id"], one["nodes"][0]["html"][:200], len(one["nodes"]))
            for one in results.response["violations"]
        ]
        assert found == [], view
        assert results.response["passes"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_totals_are_readable(visit: Open, tmp_path: Path, scheme: str) -> None:
    """On a desk and on a phone, with hostile names among them; axe finds nothing."""
    marks = {
        who: replace(mark(number), student=Enrolled(who, name))
        for number, (who, name) in enumerate([("ada", "Ada Lind"), ("eve", HOSTILE[0])])
    }
    books = [book("Lab 1", marks), book("Lab 2", marks, weight=2, week=1)]
    rules = Scheme("Term", drop_lowest=1, late_days=3)
    write_totals(rules, totals_of(rules, books), tmp_path / "totals", LATER)
    page = visit(scheme=scheme, where=tmp_path / "totals")
    expect(page.get_by_text("Ada Lind").first).to_be_visible()
    assert Axe().run(page, options={"preload": False}).response["violations"] == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_texts_are_texts(visit: Open) -> None:
    page = visit("students")
    search_box(page).fill("img src")
    expect(page.locator("#students-table tbody a").first).to_have_text(HOSTILE[0])
    search_box(page).fill("")
    page.get_by_role("columnheader", name="name").click()
    for view in ("overview", "exercises", "mistakes", "similar", "pair-0"):
        go_to(page, view)
    expect(page.locator(".side").first).to_contain_text(HOSTILE[0])
    for number, text in enumerate(HOSTILE[:5]):
        go_to(page, f"student-{SIZE + number}")
        expect(page.get_by_role("heading", level=1)).to_have_text(" ".join(text.split()))
        for place in ("notes", "exercise .remarks"):
            expect(page.locator(f".{place}")).to_contain_text(text.split("\n")[0])
    assert page.locator("[data-view=student] img, [data-view=student] b b, iframe").count() == 0
    go_to(page, f"student-{SIZE + 5}")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("gnp.exe")
    assert not set("\u202e\u2028\u2029\x00\x1b") & set(page.locator("main").inner_text())


def test_pairs_side_by_side(visit: Open) -> None:
    page = visit("similar")
    expect(page.get_by_text("A hint, not a verdict.").first).to_be_visible()
    page.locator("[data-view=similar] tbody a").click()
    expect(page.get_by_text("A hint, not a verdict.").last).to_be_visible()
    left, right = page.locator(".side").all()
    assert left.locator("li").count() == 2
    assert [HOSTILE[0] in text for text in left.locator("li.marked").all_inner_texts()] == [True]
    assert right.locator("li.marked").count() == 2


class Outside(BaseHTTPRequestHandler):
    """Somewhere else on the network, which notes who calls."""

    calls: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.calls.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        return None


def test_the_policy_forbids_every_way_out(browser: Browser, folder: Path) -> None:
    """Should text ever be taken for markup, the browser still sends nothing and runs nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    Thread(target=server.serve_forever, daemon=True).start()
    there = f"http://127.0.0.1:{server.server_port}"
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    blocked = page.evaluate(
        """async (there) => {
            const blocked = new Set();
            document.addEventListener("securitypolicyviolation", (event) => blocked.add(event.effectiveDirective));
            await fetch(`${there}/fetch`).catch(() => null);
            const box = document.createElement("div");
            box.innerHTML = `<img src="${there}/img"><img src=x onerror="window.obeyed=1">
                <iframe src="${there}/frame"></iframe><link rel=stylesheet href="${there}/style">
                <form action="${there}/form"><button></button></form>`;
            document.body.append(box);
            const script = document.createElement("script");
            script.src = `${there}/script`;
            document.body.append(script);
            box.querySelector("form").requestSubmit();
            for (let turn = 0; turn < 200 && blocked.size < 7; turn += 1) {
                await new Promise((done) => setTimeout(done, 50));
            }
            return [...blocked];
        }""",
        there,
    )
    assert page.evaluate("window.obeyed") is None
    page.close()
    # the same call from a page that forbids nothing arrives: the server does listen
    free = browser.new_page()
    free.goto(f"{there}/free")
    free.close()
    server.shutdown()
    server.server_close()
    assert set(Outside.calls) - {"/favicon.ico"} == {"/free"}
    assert {
        *("connect-src", "form-action", "frame-src", "img-src"),
        *("script-src-attr", "script-src-elem", "style-src-elem"),
    } <= set(blocked)


def test_a_student_who_is_not_there(visit: Open) -> None:
    page = visit("student-99999")
    expect(page.get_by_role("alert")).to_have_text(
        "This cannot be shown: there is no such student."
    )
