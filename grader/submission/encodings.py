"""In which encoding a Python file was saved, where that is not UTF-8 and only one can be meant.

In each of these the ASCII characters are what they are in UTF-8. So a wrong guess would change a comment or the text of
a string, and no code.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263
_DECLARED = {
    *("cp949", "euc_kr", "johab", "iso8859-1", "iso8859-15", "cp1252", "cp1251", "koi8-r"),
    *("shift_jis", "cp932", "euc_jp", "gb2312", "gbk", "gb18030", "big5"),
}
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_MANY = 0.4  # so many of the bytes are 0 in UTF-16 of a program, which is ASCII for the most part
# Hangul, and the signs that Korean keyboards and editors put beside it
_KOREAN = re.compile("[\x00-\x7f가-힣ㄱ-ㆎ·…―‘’“”〈-】！-～×÷±°²³→←↑↓∂∑√∞≤≥≠]*")
_WESTERN = re.compile("[\x00-\x7f€…‘’“”•–—™¡£§©«®°±²³´µ¶·¹º»¼½¾¿×÷À-ÖØ-Ýß-öø-ý]*")
_NOBODYS = re.compile(
    "[À-ÖØ-Ýß-öø-ý]{3}"
)  # no language has three in a row, but Cyrillic read as this has


def other_text(data: bytes) -> tuple[str, str] | None:
    """The text of bytes that are no UTF-8, and the encoding's name as people know it; `None` where it is not known."""
    for encoding, shown in _candidates(data):
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
        if "\0" not in text and _is_meant(text, shown):
            return text, shown
    return None


def _candidates(data: bytes) -> Iterator[tuple[str, str]]:
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            yield encoding, "UTF-16"
            return
    for first, encoding in enumerate(("utf-16-be", "utf-16-le")):
        zeros = data[first::2].count(0)
        if len(data) % 2 == 0 and data.count(0) == zeros > _MANY * len(data):
            yield encoding, "UTF-16"
            return
    for line in data.split(b"\n", 2)[:2]:
        if found := _COOKIE.match(line):
            name = found[1].decode("ascii", "replace")
            if _known(name) in _DECLARED:
                yield name, name
    yield "cp949", "CP949"
    yield "cp1252", "Windows-1252"


def _known(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _is_meant(text: str, shown: str) -> bool:
    """Whether the text is such as somebody writes in that encoding, where it was guessed."""
    if shown == "CP949":
        # the syllables that are in use take two bytes each there, and others eight
        if len(text.encode("euc_kr", "replace")) != sum(1 + (each > "\x7f") for each in text):
            return False
        return _KOREAN.fullmatch(text) is not None
    if shown == "Windows-1252":
        return _WESTERN.fullmatch(text) is not None and not _NOBODYS.search(text)
    return True
