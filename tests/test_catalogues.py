"""The catalogues are complete, and no sentence goes round them: what students read exists in Korean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo

from grader import language, load_course
from grader.authoring.po_files import (
    PACKAGE,
    Found,
    problems,
    read,
    texts_of_course,
    texts_of_grader,
)
from tests.conftest import ROOT
from tests.sentences import modules_for_students, told, untranslated

CATALOGUES: dict[str, tuple[Path, Callable[[], Iterable[Found]]]] = {
    "the course": (ROOT / "locale", lambda: texts_of_course(load_course())),
    "the grader": (language.OWN, texts_of_grader),
}
BOTH = pytest.mark.parametrize("whose", CATALOGUES)


def korean(folder: Path) -> Path:
    return folder / "ko" / "LC_MESSAGES" / "messages.po"


@BOTH
def test_every_text_has_a_korean_one(whose: str) -> None:
    folder, texts = CATALOGUES[whose]
    template = Catalog()
    for _, text in texts():
        template.add(text)
    assert len(template) > 50
    assert list(problems(read(korean(folder)), template)) == [], "run `grader translate`"


def texts_in(catalogue: Catalog) -> dict[str, object]:
    """Each text with its translation; one with a plural by both of its forms."""
    return {str(message.id): message.string for message in catalogue if message.id}


@BOTH
def test_what_is_compiled_is_what_is_written(whose: str) -> None:
    path = korean(CATALOGUES[whose][0])
    fresh = BytesIO()
    write_mo(fresh, read(path))
    fresh.seek(0)
    with path.with_suffix(".mo").open("rb") as file:
        compiled = texts_in(read_mo(file))
    assert compiled == texts_in(read_mo(fresh)), "run `grader translate`"


MODULES = modules_for_students(PACKAGE)
# two words that are no sentence: markers that probes give, magics, options, patterns, what pytest is told
NO_SENTENCES = {
    " --lang xx",
    "# YOUR CODE HERE",
    "from __future__ import annotations\n",
    "bold green",
    "by hand",
    "%%check xxxx\n# xx",
    "%load_ext grader\n\nxx",
    "Autograding complete",
    "Autograding report",
    "GRADER_LANG is xx, which is none of the languages here: xx.",
    "Points xx/xx",
    "grader check xx --seed xx",
    "import sys; sys.path.append({folder!r}); from {module} import serve; serve({seconds}, {memory})",
    "module xx has no attribute xx",
    "needs(*checks): earlier checks that must pass",
    "no file",
    "points(number): what the check is worth",
    "pytest ended with status xx",
    "a value nested too deeply",
    "torch.Tensor of xx, xx, on xx",
    "x weight",
    "x weight bias",
    "xx cannot be used: xx",
    "xx… (xx characters)",
    "can't start new thread",
    "from scratch",
    "more ones",
    "follows(*checks): earlier checks it uses",
    "rounds(*names, half, single): how often inputs are drawn",
    "a sequence",
    "batches are xx",
    "stale gradients",
    "the gradient from above",
    "weight bias",
    "x bias",
    # names of what is drawn: a case is told by them as by the names of its parameters, in every language
    "a byte-order mark",
    "a few",
    "a single one",
    "all but fc",
    "all by keyword",
    "all by position",
    "blank lines at the end",
    "calls before",
    "dim is given",
    "each call",
    "each call, once",
    "every second",
    "gradients for",
    "input xx",
    "inputs require gradients",
    "latest first",
    "leaf xx",
    "lines ended by CRLF",
    "more and more",
    "names with spaces and Hangul",
    "numbers in every notation",
    "of several kinds",
    "old gradients",
    "options by keyword",
    "requires gradients",
    "the leaves",
    "the losses",
    "the state",
    "the tensor",
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_sentence_goes_round_the_catalogue(path: Path) -> None:
    found = [(node.lineno, told(node)) for node in untranslated(path)]
    missed = [f"line {line}: {text!r}" for line, text in found if text not in NO_SENTENCES]
    assert missed == [], "put it into `_(…)`, values by `.format(…)`, and run `grader translate`"


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ('expect(x, "The sign is wrong.")', True),
        ('expect(x, f"{name} is None.")', True),
        ('told = "It is " + ("right" if x else "not right at all")\nexpect(x, told)', True),
        ('def f():\n    """A docstring, for the author."""\n    refuse("No such file.")', True),
        ('expect(x, _(f"{name} is None."))', True),
        ('console.print(f"[bold]{score} points[/bold]")', True),
        ('TOLD = {"a": "The sign is wrong."}', True),
        ('TOLD = "{score}/{most} points"', True),
        ('TOLD = "{name}={value}"', False),
        ('re.search("of no matter", x)', False),
        ('TOLD = N_("The sign is wrong.")\nexpect(x, TOLD)', True),
        ('def f(what="the result"):\n    pass', True),
        ('factors = {"the batch size": 3}', True),
        ('TOLD = N_("The sign is wrong.")\nexpect(x, _(TOLD))', False),
        ('expect(x, _("The sign is wrong."))', False),
        ('expect(x, _("{name} is None.").format(name=name))', False),
        ('def f():\n    """A docstring, for the author."""', False),
        ('@probe\ndef f(student):\n    return "no pair"', False),
        ('expect_close(got["is a module"], True, "w")', False),
        ('raise CourseFault("The check is wrong.")', False),
        ("what = f'grads[\"{name}\"]'", False),
        ('expect(got != "no pair", _("It gives no pair."))', False),
    ],
)
def test_a_sentence_is_caught(tmp_path: Path, code: str, caught: bool) -> None:
    path = tmp_path / "check.py"
    path.write_text(code)
    assert bool(untranslated(path)) is caught
