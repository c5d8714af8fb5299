"""How long a class's report takes to write, and a browser to open: `python -m benchmarks.report`."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import click

from grader.classroom.folder import PARTS, write_report
from tests.synthetic import made_class


def ready(page_file: Path) -> dict[str, float]:
    """Seconds from opening the page until it can be used; medians of five browsers' pages."""
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
        for _ in range(5):
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
            page.fill("[data-view=students] input[type=search]", "ada lovelace")
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
    return {what: median(seconds) for what, seconds in taken.items()}


@click.command()
@click.option("--students", default=10_000, show_default=True)
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Default: the page.")
def main(students: int, parts: tuple[str, ...]) -> None:
    """Times the report of a made-up class: eighteen exercises of six checks."""
    making = time.process_time()
    for _ in made_class(students):
        pass
    making = time.process_time() - making
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "report"
        start, used = time.perf_counter(), time.process_time()
        write_report(made_class(students), folder, title="Benchmark", parts=parts or ("page",))
        whole, used = time.perf_counter() - start, time.process_time() - used
        # making the class up is no part of it; on a busy machine the processor's time says more
        print(
            f"{students:,} students: {whole * (1 - making / used):.1f} s, {used - making:.1f} s of processor time"
        )
        if shutil.which("chromium") and (folder / "index.html").is_file():
            for what, seconds in ready(folder / "index.html").items():
                print(f"{what}: {seconds:.2f} s")


if __name__ == "__main__":
    main()
