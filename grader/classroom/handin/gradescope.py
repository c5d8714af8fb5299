"""Gradescope's export: `submission_metadata.yml` says whose each folder `submission_<number>` is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ...errors import LayoutError
from ...submission.files import leads_out, read_plain
from .hand_in import HandIn
from .times import in_utc

METADATA = "submission_metadata.yml"
_LARGEST_NUMBER = 10**100  # of a student; Python makes no text of a number of 4301 digits


def exported(folder: Path) -> Iterator[HandIn]:
    """What each student of an export has handed in; of a group, each has.

    Raises:
        LayoutError: if the export cannot be read.
    """
    import yaml

    try:
        raw = read_plain(folder / METADATA, METADATA, 256 << 20)
        data = yaml.load(raw, Loader=_loader())
    except Exception as error:  # yaml has a dozen kinds for what is broken
        raise LayoutError(
            f"{folder / METADATA} cannot be read as YAML. Export it again."
        ) from error
    if not isinstance(data, dict):
        raise LayoutError(f"{folder / METADATA} is not Gradescope's. Export it again.")
    for name, about in data.items():
        if not isinstance(name, str) or not isinstance(about, dict):
            continue
        path = folder / name
        if path.is_symlink() or path.parent != folder or leads_out(folder, path):
            continue
        when = about.get(":created_at")
        for submitter in _dicts(about.get(":submitters")):
            given = [_word(submitter.get(key)) for key in (":sid", ":email", ":name")]
            yield HandIn(
                tuple(value for value in (*given, name) if value),
                path,
                name=given[2],
                email=given[1],
                when=in_utc(when) if isinstance(when, datetime) else None,
            )


def _loader() -> Any:
    """YAML's safe loader without merged tables (`<<`), a few lines of which can stand for billions of entries."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def flatten_mapping(self, node: Any) -> None:
            """Leaves the table as it is written."""

    return Loader


def _word(value: Any) -> str:
    """A text, or a number as one; empty for all else, since the text of a list can be without end."""
    if isinstance(value, int | float):
        return str(value) if 0 < abs(value) < _LARGEST_NUMBER else ""
    return value if isinstance(value, str) else ""


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
