"""The report as VS Code and Colab draw it, light and dark: well set, readable, and with marks that can be seen.

Neither runs in a test. What they put around a cell's output is known: a page of its own, with these styles and colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page

from grader import grade
from grader.course.catalog import Course
from grader.course.python_files import text_of
from grader.machines import Machines
from grader.outputs import notebook_html
from grader.submission import Submission
from tests.browsers import needs_chromium
from tests.test_in_jupyterlab import expect_readable, expect_well_set

pytestmark = needs_chromium
CODE = "background-color: var(--vscode-textPreformat-background); color: var(--vscode-textPreformat-foreground)"
VSCODE = f"""
body {{ background: var(--vscode-editor-background); color: var(--vscode-editor-foreground); margin: 0;
  padding: 0 20px; font: 13px 'Segoe WPC', 'Segoe UI', Ubuntu, sans-serif; }}
code {{ font-family: 'Droid Sans Mono', monospace; padding: 1px 3px; border-radius: 4px; font-size: 1em;
  line-height: 1.357em; {CODE}; }}
pre code {{ padding: 0; }}
table, thead, tr, th, td, tbody {{ border: none; border-spacing: 0; border-collapse: collapse; }}
img, svg {{ max-width: 100%; max-height: 100%; }}
"""
COLAB = """
html { --colab-primary-surface-color: #fff; --colab-primary-text-color: #212121; color-scheme: light; }
html[theme=dark] { --colab-primary-surface-color: #383838; --colab-primary-text-color: #d5d5d5; color-scheme: dark; }
body { background: var(--colab-primary-surface-color); color: var(--colab-primary-text-color); margin: 0;
  padding: 4px 8px; font: 14px Roboto, Noto, sans-serif; line-height: 1.4; }
pre, code { font-family: monospace; white-space: pre-wrap; }
"""


@dataclass(frozen=True)
class Look:
    """A page around an output.

    Attributes:
        name: the program, and its theme.
        styles: of all its themes.
        theme: attributes of `html`.
        colours: the theme's, by the names of VS Code's variables.
    """

    name: str
    styles: str
    theme: str = ""
    colours: str = ""

    def page(self, output: str) -> str:
        variables = "; ".join(
            f"--vscode-{name}: {colour}"
            for name, colour in re.findall(r"(\S+)=(\S+)", self.colours)
        )
        return (
            f'<!doctype html><html lang="en" {self.theme} style="{variables}"><head><title>{self.name}</title>'
            f"<style>{self.styles}</style></head><body><main>{output}</main></body></html>"
        )


def vscode(name: str, background: str, foreground: str, code: str, behind: str) -> Look:
    """One of VS Code's themes: the colours of its editor, and of code within text."""
    pairs = {
        "editor-background": background,
        "editor-foreground": foreground,
        "textPreformat-foreground": code,
        "textPreformat-background": behind,
    }
    return Look(name, VSCODE, "", " ".join(f"{key}={value}" for key, value in pairs.items()))


LOOKS = [
    vscode("VS Code, Light Modern", "#ffffff", "#3b3b3b", "#3b3b3b", "#0000001f"),
    vscode("VS Code, Dark Modern", "#1f1f1f", "#cccccc", "#d0d0d0", "#3c3c3c"),
    vscode("VS Code, Dark High Contrast", "#000000", "#ffffff", "#000000", "#ffffff"),
    vscode("VS Code, Light High Contrast", "#ffffff", "#292929", "#ffffff", "#09345f"),
    Look("Colab, light", COLAB, 'theme="light"'),
    Look("Colab, dark", COLAB, 'theme="dark"'),
]


@pytest.fixture(scope="module")
def output(course: Course, machines: Machines) -> str:
    """A report with all that it can hold: what passed, failed, was not reached, was printed, and code to try."""
    text = text_of(course["my_linear"].solution)
    text = text.replace("x @ self.weights", "(print('x', x.shape), x @ self.weights)[1] * 2", 1)
    report = grade(Submission.of_text("my_linear", text), machines=machines, seed=18)
    statuses = {check.status for check in report.exercises[0].checks}
    assert {"passed", "failed", "not_reached"} <= statuses
    return notebook_html.render(
        report, {"my_linear": "layer = MyLinear(2, 3)\nlayer(torch.ones(2))"}
    )


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def luminance(colour: str) -> float:
    """Of `rgb(46, 159, 69)`, as WCAG has it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def colour_of(locator: Locator, which: str) -> str:
    found: str = locator.evaluate(f"node => getComputedStyle(node)['{which}']")
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_report_in_another_editors_page(page: Page, output: str, look: Look) -> None:
    page.set_content(look.page(output))
    result = page.locator(".grader-report")
    page.locator("summary").click()
    for width in (1000, 560):
        page.set_viewport_size({"width": width, "height": 1600})
        expect_well_set(result)
    expect_readable(page)
    behind = colour_of(page.locator("body"), "backgroundColor")
    marks = page.locator(".grader-report span[title]").all()
    assert len(marks) > 5
    for mark in marks:  # a sign, and no text: 3 : 1 is enough
        assert contrast(colour_of(mark, "color"), behind) >= 3, mark.inner_text()
