"""How long a class's report takes to write, and a browser to open."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from grader.classroom.report.report_folder import write_report
from tests.synthetic import made_class

from .results import Goal, Row

_OPENED = 5


def measure(students: int, reports: int) -> list[Row]:
    """The report of a made-up class: eighteen exercises of six checks."""
    what = f"{students:,} students"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "report"
        taken = []
        for _ in range(reports):
            shutil.rmtree(folder, ignore_errors=True)
            taken.append(_written(students, folder))
        page = folder / "index.html"
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        sample = f"{reports} reports"
        rows = [
            Row(
                f"{what}: the page is written",
                median(taken),
                goal=Goal(most=30),
                sample=sample,
                samples=tuple(taken),
            ),
            Row(f"{what}: its size", size / 2**20, "MiB"),
        ]
        if shutil.which("chromium"):
            somebody = next(iter(made_class(students))).student.name
            for name, seconds in ready(page, somebody).items():
                rows.append(
                    Row(
                        f"{what}: {name}",
                        median(seconds),
                        goal=Goal(most=2),
                        sample=f"{_OPENED} pages",
                        samples=tuple(seconds),
                    )
                )
    return rows


def _written(students: int, folder: Path) -> float:
    """Wall time of the report, without that of making the class up."""
    start = time.perf_counter()
    for _ in made_class(students):
        pass
    making = time.perf_counter() - start
    start = time.perf_counter()
    write_report(made_class(students), folder, title="Benchmark", parts=("page",))
    return time.perf_counter() - start - making


def ready(page_file: Path, somebody: str) -> dict[str, list[float]]:
    """Seconds from opening the page until it can be used; `somebody` is a student to look for."""
    from playwright.sync_api import sync_playwright

    taken: dict[str, list[float]] = {
        "overview": [],
        "table of students": [],
        "search": [],
        "a student": [],
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(_OPENED):
            page = browser.new_page()
            start = time.perf_counter()
            page.goto(page_file.as_uri())
            page.wait_for_selector("[data-view=overview] h1")
            taken["overview"].append(time.perf_counter() - start)
            page.close()
            page = browser.new_page()
            start = time.perf_counter()
            page.goto(page_file.as_uri() + "#students")
            page.wait_for_selector("#students-table tbody tr:nth-child(50)")
            taken["table of students"].append(time.perf_counter() - start)
            start = time.perf_counter()
            page.fill("[data-view=students] input[type=search]", somebody)
            page.wait_for_function(
                "document.querySelector('[data-view=students] .dt-info').textContent.includes('(of')"
            )
            taken["search"].append(time.perf_counter() - start)
            start = time.perf_counter()
            page.click("#students-table tbody a")
            page.wait_for_selector(".exercise")
            taken["a student"].append(time.perf_counter() - start)
            page.close()
        browser.close()
    return taken
