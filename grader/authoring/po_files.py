"""The catalogues behind `grader/language.py`: finds the texts that students read, and keeps each .po and .mo in step.

A course's texts are the statements and docstrings of its solutions (each paragraph by itself), the docstrings,
messages, `HINTS` and `COMPARE` of its checks, and the titles in `course.toml`. The grader's own are what its modules
pass through `_`, and the help of the commands that students use. What only instructors read stays in English.
"""

from __future__ import annotations

import ast
import os
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from ..course.catalog import Course, Exercise
from ..course.python_files import checks_in, syntax_of, text_of
from ..course.translated_stub import docstrings
from ..errors import TranslationError
from ..language import DOMAIN, paragraphs
from .stub import stub_of

PACKAGE = Path(__file__).resolve().parent.parent
# where the built-in course lies in the package: in a checkout its checks, and all of it where it is installed
_BUILT_IN = ("checks", "built_in")
# `_` and `N_`, and what holds a text that is translated later, where it is told; the number is the argument's
_KEYWORDS = {
    "_": None,
    "N_": None,
    "plural": (1, 2),
    "Cause": (2,),
    "MessageError": (1,),
    "NoAnswer": (2,),
    "WireError": (1,),
}

_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")

Found = tuple[str, str | tuple[str, str]]  # the file, and the text, or its two forms


def texts_of_grader() -> Iterator[Found]:
    """What the grader itself says to students: what its modules mark, and the help of commands that take `--lang`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        file = path.relative_to(PACKAGE)
        if file.parts[0] not in _BUILT_IN:
            yield from _marked(path, file.as_posix())
            if file.parts[0] == "cli":
                yield from ((file.as_posix(), text) for text in _help(path))


def texts_of_course(course: Course) -> Iterator[Found]:
    """What a course says to students.

    Raises:
        CourseError: if one of its files cannot be used.
        ReleaseError: if a solution's markers do not match.
    """
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
        for hint in filter(None, (*exercise.hints, exercise.comparison)):
            yield from ((shown, part) for part in paragraphs(hint) if _is_prose(part))


def update(folder: Path, language: str, found: Iterable[Found], forget: bool = False) -> list[str]:
    """Brings `folder/<language>/LC_MESSAGES/messages.po` up to date and compiles it.

    New texts are added, untranslated or with a guess that is marked fuzzy. What is no longer said stays at the end of
    the file, for the case that it comes back, unless it is to be forgotten.

    Returns:
        What is still to be done, as sentences that name the file.

    Raises:
        TranslationError: if `language` is no code of a language, or if the file that is there is no catalogue or cannot
            be written.
    """
    if not _LANGUAGE.fullmatch(language):
        raise TranslationError(f"{language!r} is no code of a language, such as ko or pt_BR.")
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
    _write(path, old)
    return [f"{path}: {problem}" for problem in problems(old, template)]


def compile_old(folder: Path) -> list[Path]:
    """Compiles the catalogues in `folder` whose .mo is missing or older than the .po; gives what it wrote.

    Raises:
        TranslationError: if one is no catalogue, or cannot be written.
    """
    made = []
    for path in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        compiled = path.with_suffix(".mo")
        if not compiled.is_file() or compiled.stat().st_mtime_ns < path.stat().st_mtime_ns:
            _compile(path, read(path))
            made.append(compiled)
    return made


def _write(path: Path, catalogue: Catalog) -> None:
    """The catalogue as `path`, and compiled beside it."""
    text = BytesIO()
    write_po(text, catalogue, width=100, include_lineno=False)
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.getvalue())
    _compile(path, catalogue)


def _compile(path: Path, catalogue: Catalog) -> None:
    """The catalogue as a .mo beside `path`; at once, since several tests may do it side by side."""
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    new = path.with_suffix(f".mo.{os.getpid()}")
    with _writing(path.with_suffix(".mo")):
        new.write_bytes(compiled.getvalue())
        new.replace(path.with_suffix(".mo"))


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TranslationError(f"{path} cannot be written: {error.strerror}.") from error


def _new(language: str) -> Catalog:
    about = "# What students read; `grader translate` keeps it in step with the source."
    return Catalog(locale=language, project="grader", header_comment=about, fuzzy=False)


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
    """What is wrong with the translations of these texts: missing, a guess, or of other placeholders or code."""
    for text in texts:
        forms = [text.id] if isinstance(text.id, str) else list(text.id)
        if not forms[0]:
            continue
        message = catalogue.get(text.id)
        shown = f"“{forms[0][:90]}{'…' if len(forms[0]) > 90 else ''}”"
        given = [] if message is None else _forms(message.string or "")
        if message is None or not all(given):
            yield f"{shown} is not translated."
        elif message.fuzzy:
            yield f"the translation of {shown} is a guess: look at it and remove the word fuzzy."
        else:
            for kind, names in (("placeholders", _placeholders), ("code", _code)):
                allowed = [names(form) for form in forms]
                # one form may stand for both, and says by either of them what it says
                for other in map(names, given):
                    if other not in allowed:
                        differing = ", ".join(sorted(allowed[-1] ^ other))
                        yield f"the translation of {shown} has other {kind}: {differing}."


def _forms(translation: str | Sequence[str]) -> list[str]:
    """The forms of a translation: one, or as many as the language has."""
    return [translation] if isinstance(translation, str) else list(translation)


def _stub(exercise: Exercise) -> str:
    if not exercise.solution.is_file():
        return text_of(exercise.stub)
    return stub_of(text_of(exercise.solution), str(exercise.solution))


def _marked(path: Path, shown: str) -> Iterator[Found]:
    """The literals in `_("…")`, `N_("…")` and the other `_KEYWORDS`."""
    with path.open("rb") as file:
        for _, message, _, _ in extract("python", file, keywords=_KEYWORDS):
            if isinstance(message, str):
                yield shown, message
            elif isinstance(message, tuple) and len(message) == 2:
                yield shown, (message[0], message[1])


def _help(path: Path) -> Iterator[str]:
    """The help of a module's commands for students, which take `--lang`, and of the options that commands share."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any(map(_is_lang, node.decorator_list)):
            yield from paragraphs(ast.get_docstring(node) or "")
            yield from _help_of_options(node.decorator_list)
        elif isinstance(node, ast.Assign):
            yield from _help_of_options([node.value])


def _is_lang(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id == "lang_option"


def _help_of_options(expressions: Iterable[ast.expr]) -> Iterator[str]:
    for node in (node for expression in expressions for node in ast.walk(expression)):
        match node:
            case ast.keyword("help", ast.Constant(str(text))):
                yield text


def _descriptions(path: Path) -> Iterator[str]:
    """The sentences that say what each check asks: the first paragraph of its docstring, on one line."""
    for check in checks_in(path):
        if text := ast.get_docstring(check):
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
