"""The catalogues behind `grader/language.py`: finds the texts that students read, and keeps each .po and .mo in step.

A course's texts are the statements and docstrings of its solutions (each paragraph by itself), the docstrings, messages
and `HINTS` of its checks, and the titles in `course.toml`. The grader's own are what its modules pass through `_`, and
the help of the commands that students use.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.core import UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from ..course.catalog import Course, Exercise, syntax_of, text_of
from ..course.translation import docstrings
from ..errors import TranslationError
from ..language import DOMAIN, paragraphs
from .stub import stub_of

PACKAGE = Path(__file__).resolve().parent.parent
# what only instructors or services see stays in English, and why a device is not there; but notebooks are made for
# students
FOR_INSTRUCTORS = (
    "authoring/",
    "checking/probes.py",
    "checking/student.py",
    "checks/",
    "classroom/",
    "cli/author.py",
    "cli/class_report.py",
    "cli/doctor.py",
    "cli/grade.py",
    "course/assignment.py",
    "course/assignment_file.py",
    "course/catalog.py",
    "devices/",
    "errors.py",
    "outputs/audit_table.py",
    "outputs/cause_table.py",
    "outputs/classroom50_result.py",
    "outputs/junit.py",
    "report.py",
    "sandbox/inside/",
    "sandbox/isolation/",
    "sandbox/parity.py",
    "sandbox/sandbox.py",
    "sandbox/zygote_client.py",
    "submission/git_files.py",
    "submission/protected.py",
    "submission/zip_files.py",
)
# besides `_` and `N_`: who keeps a text that is translated where it is told
_KEYWORDS = {
    "_": None,
    "N_": None,
    "Cause": (2,),
    "MessageError": (1,),
    "NoAnswer": (2,),
    "WireError": (1,),
    "_Excess": (1,),
}

Found = tuple[str, str]  # the file, and the text


def texts_of_grader() -> Iterator[Found]:
    """What the grader itself says to students."""
    for path in student_modules():
        shown = path.relative_to(PACKAGE).as_posix()
        yield from _marked(path, shown)
        if path.parent.name == "cli":
            yield from ((shown, text) for text in _help(path))


def student_modules() -> list[Path]:
    """The grader's modules that speak to students, checks apart."""
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if not path.relative_to(PACKAGE).as_posix().startswith(FOR_INSTRUCTORS)
        or path == PACKAGE / "authoring" / "stub_notebook.py"
    ]


def texts_of_course(course: Course) -> Iterator[Found]:
    """What a course says to students."""
    yield "course.toml", course.title
    for exercise in course.exercises:
        yield "course.toml", exercise.unit
    for exercise in course.exercises:
        shown = f"solutions/{exercise.solution.name}"
        for _, text in docstrings(syntax_of(_stub(exercise), exercise.solution)):
            yield from ((shown, part) for part in paragraphs(text) if _is_prose(part))
        shown = f"checks/{exercise.checks.name}"
        yield from ((shown, text) for text in _descriptions(exercise.checks))
        yield from _marked(exercise.checks, shown)
        for hint in exercise.hints:
            yield from ((shown, part) for part in paragraphs(hint) if _is_prose(part))


def update(folder: Path, language: str, found: Iterable[Found], forget: bool = False) -> list[str]:
    """Brings `folder/<language>/LC_MESSAGES/messages.po` up to date and compiles it.

    New texts are added, untranslated or with a guess that is marked fuzzy. What is no longer said stays at the end of
    the file, for the case that it comes back, unless it is to be forgotten.

    Returns:
        What is still to be done, as sentences that name the file.

    Raises:
        TranslationError: if the file that is there is no catalogue, or `language` is no code of a language.
        OSError: if it cannot be written.
    """
    path = folder / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    old = read(path) if path.is_file() else _new(language)
    template = Catalog()
    for file, text in found:
        if text:
            template.add(text, locations=[(file, 0)])
    for message in old.obsolete.values():
        if message.id in template and message.id not in old:
            old[message.id] = message  # it is said again
    created = old.creation_date
    old.update(template)
    old.creation_date = created
    if forget:
        old.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, old, width=100, include_lineno=False)
    path.write_bytes(buffer.getvalue())
    with path.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, old)
    return [f"{path}: {problem}" for problem in problems(old, template)]


def _new(language: str) -> Catalog:
    about = "# What students read; `grader translate` keeps it in step with the source."
    try:
        return Catalog(locale=language, project="grader", header_comment=about, fuzzy=False)
    except (UnknownLocaleError, ValueError) as error:
        raise TranslationError(f"{language!r} is no code of a language, such as ko.") from error


def read(path: Path) -> Catalog:
    """The catalogue in a .po file.

    Raises:
        TranslationError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except OSError as error:
        raise TranslationError(f"{path} cannot be read: {error.strerror}.") from error
    except (PoFileError, ValueError) as error:
        raise TranslationError(f"{path} cannot be read as a catalogue: {error}.") from error


def problems(catalogue: Catalog, texts: Iterable[Message]) -> Iterator[str]:
    """What is amiss with the translations of these texts: missing, unsure, or not of the same names and code."""
    for text in texts:
        if not isinstance(text.id, str) or not text.id:
            continue
        message = catalogue.get(text.id)
        shown = f"“{text.id[:90]}{'…' if len(text.id) > 90 else ''}”"
        if message is None or not message.string:
            yield f"{shown} is not translated."
        elif message.fuzzy:
            yield f"the translation of {shown} is a guess: look at it and remove the word fuzzy."
        else:
            for kind, names in (("placeholders", _placeholders), ("code", _code)):
                one, other = names(text.id), names(str(message.string))
                if one != other:
                    told = ", ".join(sorted(one ^ other))
                    yield f"the translation of {shown} has other {kind}: {told}."


def _stub(exercise: Exercise) -> str:
    if not exercise.solution.is_file():
        return text_of(exercise.stub)
    return stub_of(text_of(exercise.solution), str(exercise.solution))


def _marked(path: Path, shown: str) -> Iterator[Found]:
    """The literals in `_("…")` and `N_("…")`."""
    with path.open("rb") as file:
        for _, message, _, _ in extract("python", file, keywords=_KEYWORDS):
            if isinstance(message, str):
                yield shown, message


def _help(path: Path) -> Iterator[str]:
    """The help of the commands and options in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and any(map(_is_command, node.decorator_list)):
            yield from paragraphs(ast.get_docstring(node) or "")
        elif isinstance(node, ast.keyword) and node.arg == "help":
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                yield node.value.value


def _is_command(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(function, ast.Attribute) and function.attr in ("command", "group")


def _descriptions(path: Path) -> Iterator[str]:
    """The sentences that say what each check asks: the first paragraph of its docstring, on one line."""
    for node in syntax_of(text_of(path), path).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            if text := ast.get_docstring(node):
                yield " ".join(paragraphs(text)[0].split())


def _is_prose(paragraph: str) -> bool:
    """Neither an example (indented as a whole, or between fences) nor an address."""
    lines = paragraph.splitlines()
    example = all(line.startswith("    ") for line in lines) and not lines[0].startswith("    - ")
    return not example and not paragraph.startswith(("```", "See: https://"))


def _placeholders(text: str) -> set[str]:
    try:
        return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    except ValueError:  # braces that are no placeholders
        return set()


def _code(text: str) -> set[str]:
    """What stands between backticks or dollar signs, with blanks as one."""
    found: Sequence[str] = re.findall(r"`[^`]+`|\$[^$]+\$", text)
    return {" ".join(part.split()) for part in found}
