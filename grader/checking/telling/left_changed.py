"""What a student reads when a call did not leave everything else as it was: inputs, settings, earlier results."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from ...language import N_, _
from ...text import listed
from ..outcome import Cause, CheckFailed
from ..probes import Probe
from .explain import IN_PLACE
from .raised import strings

_MOST_CHANGED = 10
# how a function is to leave what it meets
_SETTINGS = {
    "default dtype": N_("After the call torch's default dtype is another one; leave it as it was."),
    "default device": N_(
        "After the call torch's default device is another one; leave it as it was."
    ),
    "recording": N_(
        "After the call gradients are recorded where they were not before, or the reverse; leave that as it was."
    ),
    "autocast": N_("After the call autocast is on; leave it off, as it was."),
    "Python's seed": N_(
        "After the call the generator of Python's `random` has another seed; leave it as it was."
    ),
    "NumPy's seed": N_("After the call NumPy's generator has another seed; leave it as it was."),
    "seed": N_("After the call torch's global generator has another seed; leave it as it was."),
}
LEFT_SET = Cause(
    "left-set",
    "What is set for a while is put back at the end, also after an exception: `with torch.no_grad():` does that, and "
    "`finally:` can.",
)
SEEDED = Cause(
    "left-set",
    "To seed a global generator changes it for everybody: leave it alone. What is to repeat itself is drawn from a "
    "generator of its own, such as a `torch.Generator`.",
)
TOUCHED = Cause("touched", "Work on `x.detach().clone()`.")
SHARED = Cause("shared-memory", "Give back a tensor of its own; `.clone()` makes one.")
KEPT = Cause(
    "kept-result",
    "Make a new tensor in each call, and not one that is kept from one call to the next.",
)


def changed(names: Sequence[str], known: Container[str] | None = None) -> CheckFailed:
    """How a case ends when inputs were changed that are to be left as they were.

    Args:
        names: a probe's, of its inputs.
        known: those that a student knows; no other is told. `None` for all.
    """
    named = _("The input {names} was changed; inputs are to be left as they were.")
    if len(_known(names, known)) > 1:
        named = _("The inputs {names} were changed; inputs are to be left as they were.")
    unnamed = _("An input was changed; inputs are to be left as they were.")
    return CheckFailed(_telling(names, known, named, unnamed), [IN_PLACE])


def _known(names: Sequence[str], known: Container[str] | None) -> list[str]:
    return [name for name in names[:_MOST_CHANGED] if known is None or name in known]


def _telling(names: Sequence[str], known: Container[str] | None, named: str, unnamed: str) -> str:
    """The sentence that names the inputs which a student knows; the other one where there are none."""
    shown = _known(names, known)
    return named.format(names=listed(shown)) if shown else unnamed


def impolite(told: Any, probe: Probe, known: Container[str] | None = None) -> CheckFailed | None:
    """How a case ends when something else was not left as it was; `None` where that is the probe's own doing.

    Args:
        told: by the child, as `manners.told` has it.
        known: as for `changed`.
    """
    if not isinstance(told, dict):
        return None
    settings = [name for name in strings(told.get("set")) if name in _SETTINGS]
    if probe.seeds:
        settings = [name for name in settings if not name.endswith("seed")]
    if settings:
        cause = SEEDED if settings[0].endswith("seed") else LEFT_SET
        return CheckFailed(_(_SETTINGS[settings[0]]), [cause])
    if strings(told.get("earlier")):
        sentence = _("A second call changed what the first had given back.")
        return CheckFailed(sentence, [KEPT])
    touched, marked, shared = (
        [name for name in strings(told.get(kind))[:_MOST_CHANGED] if name not in probe.changes]
        for kind in ("touched", "marked", "shared")
    )
    if probe.differentiates:
        touched = [] if probe.marks else marked
    if touched:
        named = _(
            "`requires_grad` or `.grad` of {names} is not what it was; inputs are to be left as they were."
        )
        unnamed = _(
            "`requires_grad` or `.grad` of an input is not what it was; inputs are to be left as they were."
        )
        return CheckFailed(_telling(touched, known, named, unnamed), [TOUCHED])
    if shared and not probe.differentiates:
        named = _(
            "The result shares its memory with an input ({names}): to change one of them changes both."
        )
        unnamed = _(
            "The result shares its memory with an input: to change one of them changes both."
        )
        return CheckFailed(_telling(shared, known, named, unnamed), [SHARED])
    return None
