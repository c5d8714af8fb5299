"""What an exception that the student's code raised says about that code.

An exception is known by a part of its message (`raised_meanings.py`). A message that is not known means nothing: the
student reads it as it is.
"""

from __future__ import annotations

import re

from ...language import _
from ..outcome import Cause
from .explain import TRANSPOSE
from .raised_meanings import MEANINGS, WARNINGS

GRADIENT_SHAPE = Cause(
    "raised-gradient-shape",
    "A gradient has the shape of its input: sum over what the forward pass broadcast or added up, and give the "
    "gradients in the order of the inputs.",
)
OUT_OF_MEMORY = Cause("raised-memory", "It takes more of the GPU's memory than one submission may.")
OUT_OF_RANGE = Cause(
    "raised-index",
    "A kernel stopped at a value that it does not take: an index or a label out of range, or a probability outside of "
    "0 to 1. On the CPU the same code says more.",
)
TO_NUMPY = Cause(
    "raised-device", "NumPy works on the CPU: stay with torch, or use `.cpu()` and come back."
)
NAMED_DEVICE = Cause("raised-device", "Name no device: take that of the inputs, `x.device`.")
OTHER_DEVICE = Cause(
    "raised-device",
    "The inputs are on {device}, and a tensor of yours is on another device: make it where they are "
    "(`device=x.device`, `zeros_like`, `new_zeros`), or move it there.",
)
_VIEW = "view size is not compatible"
IN_PIECES = Cause(
    "raised-in-pieces",
    "A tensor that is to be kept lies in memory in another order, as `.t()` and `.permute()` leave it: make it in the "
    "shape that is asked, or add `.contiguous()`.",
)
# A tensor of another dtype beside it ("expected … but found Half") is a mistake, and said in other words.
_NOT_TAKEN = re.compile(
    r"not implemented for '(Complex)?(Half|BFloat16)'|unsupported ScalarType (Half|BFloat16)"
    r"|[Uu]nsupported dtype (Half|BFloat16)|[Ll]ow precision dtypes not supported"
    r"|supports? .*, but got (Half|BFloat16)"
)
_REJECTED = re.compile(
    r"Function (\w+?)(?:Backward)? returned an invalid gradient at index (\d+) - "
    r"got \[([\d, ]*)\] but expected shape compatible with \[([\d, ]*)\]"
)
_COUNT = re.compile(
    r"function (\w+?)(?:Backward)? returned an incorrect number of gradients "
    r"\(expected (\d+), got (\d+)\)"
)


def takes_no_half(message: str) -> bool:
    """Whether a function of torch's or NumPy's says that it takes no float16, or no bfloat16."""
    return _NOT_TAKEN.search(message) is not None


def meaning_of(message: str, kind: str = "", own: bool = True) -> Cause | None:
    """The mistake behind an exception, on whatever device; `None` where it is not known.

    Args:
        message: its text.
        kind: the name of its class, which says all where the text is empty.
        own: whether a line of the student's raised it, and not what a check did with the result.
    """
    text = message or kind
    if not own and _VIEW in text:
        return IN_PIECES
    for pattern, cause in MEANINGS.items():
        if re.search(pattern, text):
            return cause
    return None


def meaning_of_warning(printed: str) -> Cause | None:
    """The mistake that torch warned of in what was printed; `None` where it did not."""
    printed = " ".join(printed.split())
    return next((cause for part, cause in WARNINGS.items() if part in printed), None)


def gradient_complaint(message: str) -> tuple[str, list[Cause]] | None:
    """Autograd's complaint about a `backward` that the student wrote, in plain words, with its cause if one is known.

    `None` where the message is about something else.
    """
    if rejected := _REJECTED.search(message):
        name, index, got, wanted = rejected.groups()
        sizes, right = (text.replace(" ", "").split(",") for text in (got, wanted))
        sentence = _(
            "`backward` of {name} gives a gradient of shape ({got}) for argument {number} of "
            "`forward`, not counting `ctx`; that argument has shape ({wanted})."
        )
        sentence = sentence.format(name=name, got=got, number=int(index) + 1, wanted=wanted)
        turned = len(sizes) == 2 and sizes == right[::-1]
        return sentence, [TRANSPOSE if turned else GRADIENT_SHAPE]
    if count := _COUNT.search(message):
        name, wanted, got = count.groups()
        sentence = _(
            "`backward` of {name} returns {got} gradients; it returns one for each of the "
            "{wanted} inputs of `forward`, and None for those that need none."
        )
        return sentence.format(name=name, got=got, wanted=wanted), []
    return None


def with_index(device: str) -> str:
    """A device as torch's messages name it: `sim:0` for `sim`, and `sim:1` as it is."""
    return device if ":" in device else f"{device}:0"


def meaning_on(device: str, kind: str, message: str) -> Cause | None:
    """The mistake with devices behind an exception; `None` where there is none, and always on the CPU.

    Args:
        device: where the inputs were: `cpu`, `sim`, `sim:1`, `cuda`, …
        kind: the name of the exception's class.
        message: its text.
    """
    if device == "cpu" or "for generator" in message:
        return None
    if kind in ("OutOfMemoryError", "AcceleratorError") and "out of memory" in message:
        return OUT_OF_MEMORY
    if "device-side assert" in message:
        return OUT_OF_RANGE
    if "to numpy" in message:
        return TO_NUMPY
    if "Torch not compiled with CUDA" in message or "NVIDIA driver" in message:
        return NAMED_DEVICE
    if "device" in message and (device in message or "cpu" in message):
        name = f"`{with_index(device)}`"
        if device.startswith("sim"):
            name += " " + _("(which stands for a GPU here)")
        return OTHER_DEVICE.in_case(device=name)
    return None
