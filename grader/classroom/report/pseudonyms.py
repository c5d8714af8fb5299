"""Names, logins, mails and identifiers replaced, so that a report can be shown to others.

A pseudonym is HMAC-SHA256 of the student's identifier under a secret key: the same key gives the same pseudonyms,
and without it nobody can try out identifiers. The texts of a report are searched for everybody in the class; a
nickname that only stands in a student's own output cannot be known.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ...errors import ReportError
from ..records import Enrolled, Record
from ..sanitize import rewritten

_WORD = re.compile(r"[^\W_]+")
_START = re.compile(r"(?<![^\W_])[^\W_]")


def read_key(path: Path) -> bytes:
    """The key in `path`, made at the first use, for its owner's eyes only.

    Raises:
        ReportError: if the file holds no key.
        OSError: if it can neither be read nor written.
    """
    try:
        # never over an existing file: a second key would change every pseudonym
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    except FileExistsError:
        pass
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ReportError(f"{path} holds no key for pseudonyms. Name another file, or remove it.")
    return key


class Pseudonyms:
    """Replaces everybody in `students`, wherever they are named.

    In a student's own texts every part of his name goes; in another's, whole names, logins, mails and identifiers of at
    least four characters (shorter ones are words and numbers too often).
    """

    def __init__(self, key: bytes, students: Iterable[Enrolled]) -> None:
        self._key = key
        # the first three characters of an identity → identities and whose they are, longest first
        self._others: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for student in students:
            for text in _identities(student):
                if len(text) >= 4 or (len(text) == 3 and not text.isascii()):
                    start = _WORD.search(text)
                    if start:
                        bare = text[start.start() :].casefold()
                        self._others[bare[:3]].append((bare, self.of(student)))
        for candidates in self._others.values():
            candidates.sort(key=lambda one: -len(one[0]))

    def of(self, student: Enrolled) -> str:
        """The pseudonym: `s-` and ten letters and digits."""
        digest = hmac.digest(self._key, student.id.encode("utf-8", "surrogatepass"), "sha256")
        return "s-" + base64.b32encode(digest)[:10].decode("ascii").lower()

    def text(self, text: str, student: Enrolled) -> str:
        """`text` of `student`, with nobody named in it."""
        own = _own_pattern(student)
        if own and text:
            text = own.sub(self.of(student), text)
        return self._without_others(text)

    def record(self, record: Record) -> Record:
        """The record under a pseudonym. What leads back to a repository goes: commit and digest."""
        student = record.student
        own, alias = _own_pattern(student), self.of(student)

        def rewrite(text: str) -> str:
            if not text:
                return text
            return self._without_others(own.sub(alias, text) if own else text)

        hidden = Enrolled(
            id=alias, name=alias, section=student.section, on_roster=student.on_roster
        )
        record = rewritten(record, hidden, rewrite)
        return replace(
            record,
            commit="",
            digest="",
            adjustments=tuple(replace(each, who="staff") for each in record.adjustments),
            excused=record.excused and replace(record.excused, who="staff"),
        )

    def _without_others(self, text: str) -> str:
        pieces, done = [], 0
        for match in _START.finditer(text):
            at = match.start()
            if at < done:
                continue
            for identity, alias in self._others.get(text[at : at + 3].casefold(), ()):
                end = at + len(identity)
                if text[at:end].casefold() == identity and _ends(text, end):
                    pieces += [text[done:at], alias]
                    done = end
                    break
        return "".join([*pieces, text[done:]]) if pieces else text


def _ends(text: str, at: int) -> bool:
    """Whether a word may end here; in scripts that do not part words by spaces it always may."""
    return at >= len(text) or not (text[at].isascii() and text[at].isalnum())


def _identities(student: Enrolled) -> list[str]:
    mailbox = student.email.partition("@")[0]
    further = (text for _, text in student.ids)
    texts = (student.id, student.login, student.email, student.name, mailbox, *further)
    return list(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _own_pattern(student: Enrolled) -> re.Pattern[str] | None:
    """Finds all that the student is called; short parts only as whole words."""
    whole = _identities(student)
    parts = {part for text in (student.name, student.login) for part in _WORD.findall(text)}
    options = []
    for text in sorted({*whole, *parts}, key=lambda one: (-len(one), one)):
        # the words of a name may be joined by anything: "ada.lovelace", "AdaLovelace"
        pattern = r"[\W_]*".join(re.escape(word) for word in text.split())
        if len(text) >= 4 or not text.isascii():
            options.append(pattern)
        elif len(text) >= 2 and not text.isdigit():
            options.append(rf"(?<![^\W_]){pattern}(?![^\W_])")
    return re.compile("|".join(options), re.IGNORECASE) if options else None
