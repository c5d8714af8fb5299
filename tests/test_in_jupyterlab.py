"""A newcomer's first minutes in JupyterLab and in Notebook 7, in a browser: run the notebook, answer, mend it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsers import needs_chromium
from tests.drawn import some
from tests.servers import end, free_port, wait_until

pytestmark = [
    needs_chromium,
    pytest.mark.skipif(
        find_spec("notebook") is None, reason="no Jupyter here: pip install jupyterlab notebook"
    ),
    pytest.mark.timeout(300),
]
PATIENCE = 100_000  # milliseconds, on a machine that is busy
HEAD = "def {name}(f: Callable[[Tensor], Tensor], x: Tensor, h: float = 1e-3) -> Tensor:\n    "
FORWARD = HEAD.format(name="forward_difference") + "return (f(x + h) - f(x)) / h\n"
WRONG = HEAD.format(name="central_difference") + "return f(x + h) - f(x - h) / (2 * h)\n"
RIGHT = HEAD.format(name="central_difference") + "return (f(x + h) - f(x - h)) / (2 * h)\n"


@dataclass(frozen=True)
class Jupyter:
    """A program of Jupyter's: its module, the name of its settings, where its server has a notebook."""

    module: str
    settings: str
    place: str


LAB = Jupyter("jupyterlab", "LabApp", "lab/tree")
NOTEBOOK = Jupyter("notebook", "JupyterNotebookApp", "notebooks")


@pytest.fixture(params=some([LAB, NOTEBOOK], 1 / 2), ids=lambda jupyter: jupyter.module)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of the notebook `derivative` in a Jupyter with settings of its own."""
    jupyter: Jupyter = request.param
    made = [sys.executable, "-m", "grader", "init", str(tmp_path / "work"), "--notebooks"]
    subprocess.run(made, check=True, capture_output=True)
    # no question about news over the notebook, and no cell left undrawn for being out of sight
    for name, settings in {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none"},
    }.items():
        file = tmp_path / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(settings))
    folders = {
        f"JUPYTER_{name}_DIR": str(tmp_path / name.lower())
        for name in ("CONFIG", "DATA", "RUNTIME")
    }
    environment = (
        os.environ
        | folders
        | {
            "HOME": str(tmp_path),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
            "GRADER_LANG": "en",
        }
    )
    command = [
        sys.executable, "-m", jupyter.module, "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={free_port()}", "--IdentityProvider.token=known",
        f"--ServerApp.root_dir={tmp_path / 'work'}", f"--{jupyter.settings}.expose_app_in_browser=True",
    ]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)

    # it takes another port where this one was taken meanwhile, and writes down which
    told = tmp_path / "runtime" / f"jpserver-{running.pid}.json"

    def server() -> str:
        return str(json.loads(told.read_text())["url"]).rstrip("/")

    def answers() -> bool:
        assert running.poll() is None, (tmp_path / "log").read_text()
        try:
            urllib.request.urlopen(f"{server()}/api", timeout=10).close()
        except (OSError, ValueError):  # not there yet, or not written to its end
            return False
        return True

    try:
        wait_until(answers)
        yield f"{server()}/{jupyter.place}/derivative.ipynb?token=known"
    finally:
        end(running)
        running.wait()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1200, "height": 1400})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


def write(page: Page, start: str, text: str) -> None:
    """Puts `text` into the cell that begins with `start`."""
    editor = page.locator(".jp-CodeCell .cm-content").filter(has_text=start).first
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def run_all(page: Page) -> Locator:
    """Runs every cell, once the kernel answers, and gives the result below the last one.

    A click in a menu is lost if the notebook is not yet the one that commands go to; a command tells when it is done.
    """
    page.wait_for_function("() => globalThis.jupyterapp?.shell.currentWidget?.sessionContext")
    page.evaluate(
        """async () => {
            const { context, sessionContext } = jupyterapp.shell.currentWidget;
            await context.ready;
            await sessionContext.ready;
            await sessionContext.session.kernel.info;
            await jupyterapp.commands.execute('notebook:run-all-cells');
        }"""
    )
    result = page.locator(".grader-report")
    expect(result, page.locator(".jp-Notebook").first.inner_text()).to_have_count(
        1, timeout=PATIENCE
    )
    return result


def expect_well_set(result: Locator) -> None:
    """Every row has width and height, none lies on another, and nothing sticks out."""
    whole = result.bounding_box()
    assert whole is not None
    assert whole["width"] > 500
    edge = whole["y"]
    rows = result.locator(":scope > div").all()
    for row in rows:
        box = row.bounding_box()
        assert box is not None
        assert box["width"] > 500
        assert box["height"] > 12  # VS Code has lines of 15
        assert box["y"] >= edge
        assert box["x"] + box["width"] <= whole["x"] + whole["width"] + 1
        edge = box["y"] + box["height"] - 1
    assert result.evaluate("node => node.scrollWidth <= node.clientWidth")


def expect_readable(page: Page) -> None:
    """The result has contrast enough on the page's own colours (WCAG AA)."""
    options = {"runOnly": ["color-contrast"]}
    assert Axe().run(page, context=".grader-report", options=options).response["violations"] == []


def test_a_newcomers_first_minutes(address: str, page: Page) -> None:
    page.goto(address)
    expect(page.locator(".jp-MarkdownCell mjx-container").first).to_be_visible(timeout=PATIENCE)
    assert page.locator("mjx-container").count() >= 2
    assert page.locator("mjx-merror").count() == 0

    result = run_all(page)
    expect(result).to_contain_text("Not started yet")

    write(page, "def forward_difference", FORWARD)
    write(page, "def central_difference", WRONG)
    result = run_all(page)
    expect(result).to_contain_text("divides b alone, so put (a - b) in parentheses")
    expect(result).to_contain_text("3/10")
    expect_well_set(result)
    expect_readable(page)
    dark = "jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    page.evaluate(f"async () => {{ await {dark} }}")
    expect(page.locator("body[data-jp-theme-light=false]")).to_be_attached()
    expect_well_set(result)
    expect_readable(page)

    write(page, "def central_difference", RIGHT)
    result = run_all(page)
    expect(result).to_contain_text("6/10")
    expect_well_set(result)
