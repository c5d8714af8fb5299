"""The language that a student reads. Sentences stand in the source in English; a catalogue has them in others.

    _("{what} has no entry {key!r}.").format(what=what, key=key)

The text is a literal, so that `grader translate` finds it; the values come after. A text that is a constant of a module
is marked with `N_`, and goes through `_` where it is used, because the language is not yet known at import.
Texts of several paragraphs (statements, docstrings) are translated paragraph by paragraph, by `translated`.
"""

from __future__ import annotations

import gettext
import os
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .errors import TranslationError

ENGLISH = "en"
DOMAIN = "messages"
_SEE = "See: "
OWN = Path(__file__).with_name("locale")

_language = ENGLISH
_folders = [OWN]
_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def languages() -> tuple[str, ...]:
    """The languages that the grader speaks: English, and those in its folder `locale/`."""
    return ENGLISH, *sorted(path.name for path in OWN.iterdir() if path.is_dir())


def current() -> str:
    """The language in use."""
    return _language


def use(language: str) -> None:
    """Makes `language` that of all texts from now on, in this process.

    Raises:
        TranslationError: if a course brings a catalogue that cannot be read; then all stays as it was.
    """
    global _language, _catalogue
    catalogue = gettext.NullTranslations()
    # the folder that was learned last is asked first: a course's own words before the grader's
    for folder in _folders:
        found = _catalogue_in(folder, language)
        found.add_fallback(catalogue)
        catalogue = found
    _language, _catalogue = language, catalogue


def _catalogue_in(folder: Path, language: str) -> gettext.NullTranslations:
    """What `folder` says in `language`; an empty catalogue where it does not speak it."""
    file = gettext.find(DOMAIN, str(folder), [language])
    if file is None:
        return gettext.NullTranslations()
    try:
        return gettext.translation(DOMAIN, folder, [language])
    except (OSError, ValueError, LookupError, struct.error) as error:
        sentence = _("{file} is no catalogue. `grader translate` makes it anew.")
        raise TranslationError(sentence.format(file=file)) from error


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """`use(language)` for a while."""
    before = _language
    use(language)
    try:
        yield
    finally:
        use(before)


def learn(course: Path) -> None:
    """From now on, looks in the catalogues in a course's folder `locale/` first; where it has none, nothing changes.

    Raises:
        TranslationError: if the catalogue of the language in use cannot be read; then none of them is looked in.
    """
    folder = course / "locale"
    if folder.is_dir() and folder != _folders[-1]:
        before = list(_folders)
        _folders[:] = [known for known in _folders if known != folder] + [folder]
        try:
            use(_language)
        except TranslationError:
            _folders[:] = before
            raise


def learned() -> tuple[Path, ...]:
    """The folders with catalogues: the grader's own, then those that were learned, the last one last."""
    return tuple(_folders)


def preferred(environment: Mapping[str, str] = os.environ) -> str:
    """The language that the environment asks for, where the grader speaks it; English otherwise."""
    for variable in ("GRADER_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(variable):
            return _nearest(re.split(r"[.@]", value)[0].replace("-", "_"))
    return ENGLISH


def _nearest(asked: str) -> str:
    """`pt_BR` is asked for: that, or else `pt`, or else `pt` of another country, or else English."""
    base = asked.partition("_")[0].lower()
    spoken = languages()
    kin = [each for each in spoken if each.partition("_")[0] == base]
    return next((each for each in (asked, base) if each in spoken), kin[0] if kin else ENGLISH)


def _(message: str) -> str:
    """`message` in the language in use; itself where no catalogue has it."""
    return _catalogue.gettext(message) if message else ""


def N_(message: str) -> str:
    """Marks a text for the catalogue, where it is too early to translate it."""
    return message


def paragraphs(text: str) -> list[str]:
    """The pieces in which a longer text is translated: what stands between blank lines."""
    return re.split(r"\n(?:[ \t]*\n)+", text)


def translated(text: str) -> str:
    """A text of several paragraphs in the language in use, each by itself."""
    return "\n\n".join(map(_paragraph, paragraphs(text)))


def _paragraph(text: str) -> str:
    """One paragraph; of addresses, what they are for is translated, and they are not."""
    if text.startswith(_SEE + "https://"):
        return see().format(links=text.removeprefix(_SEE))
    return _(text)


def see() -> str:
    """What stands before addresses to read on at, with the place for them: `See: {links}`."""
    return _("See: {links}")
