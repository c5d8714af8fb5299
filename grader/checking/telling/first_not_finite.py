"""Where in a student's code the first number comes up that is not finite, and what made it."""

from __future__ import annotations

from ...text import clean
from ..outcome import Cause, CheckOutcome
from ..session import Request, Session
from .failures import Failures
from .shape_trace import followed

# runs beside the student's code, after the probe whose name and inputs it is given; what it tells is the student's word
_TRACER = """
def watch(student, **inputs):
    import sys
    from torch.overrides import TorchFunctionMode

    file, found = student.__file__.partition(":")[0], []

    def first_of(value):
        first = value[0] if isinstance(value, (tuple, list)) and value else value
        return first if isinstance(first, Tensor) and first.is_floating_point() else None

    def number_at(value, shape, index):
        if isinstance(value, Tensor):
            value = torch.broadcast_to(value, shape)[index].item()
        return f"{float(value):.4g}"

    class Watch(TorchFunctionMode):
        def __torch_function__(self, function, types, arguments=(), named=None):
            answer = function(*arguments, **(named or {}))
            given = first_of(answer)
            if given is not None and len(found) < 2 and not given.isfinite().all():
                # what was written over is there no more, and a named argument may change the formula
                anew = not named and all(each is not given for each in arguments)
                self.note(function, arguments if anew else (), given)
            return answer

        def note(self, function, arguments, given):
            is_nan = bool(given.isnan().any())
            frame = sys._getframe(1)
            while frame and frame.f_code.co_filename.partition(":")[0] != file:
                frame = frame.f_back
            if frame is None or found and not (is_nan and found[0][3] != "nan"):
                return
            bad = given.isnan() if is_nan else ~given.isfinite()
            index = tuple(bad.nonzero()[0].tolist())
            name = getattr(function, "__name__", "").strip("_")
            try:
                operands = [number_at(each, given.shape, index) for each in arguments]
            except Exception:
                operands = []
            value = f"{given[index].item():.4g}"
            found.append([frame.f_code.co_filename, frame.f_lineno, name, value, operands])

    with Watch():
        try:
            PROBE(student, **inputs)
        except Exception:
            pass
    return found
"""
# what is worked out of each element alone; if it has operands on two sides, how it is written
_OF_ONE = frozenset((
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal", "square", "cosh", "sinh",
    "tan", "asin", "acos",
))  # fmt: skip
_OF_TWO = {
    "truediv": "{0} / {1}",
    "div": "{0} / {1}",
    "true_divide": "{0} / {1}",
    "rtruediv": "{1} / {0}",
    "rdiv": "{1} / {0}",
    "mul": "{0} · {1}",
    "multiply": "{0} · {1}",
    "add": "{0} + {1}",
    "sub": "{0} − {1}",
    "subtract": "{0} − {1}",
    "rsub": "{1} − {0}",
    "pow": "{0} ** {1}",
    "rpow": "{1} ** {0}",
}
_FIRST = Cause("nan", "All numbers are finite up to {place}: `{line}`. There {what} gives {value}.")
_THERE = Cause(
    "nan",
    "All numbers are finite up to {place}: `{line}`. There {what} gives {value}, and then {then} gives NaN.",
)
_LATER = Cause(
    "nan",
    "All numbers are finite up to {place}: `{line}`. There {what} gives {value}; "
    "later {then} gives NaN ({where}: `{there}`).",
)


def not_finite_from(session: Session, request: Request) -> tuple[Cause, str] | None:
    """The cause of a result that is not finite, and the line of the student's where the first such number comes up.

    `None` where that is not in the student's code, as in a backward pass, or where the code gives no answer.
    """
    try:
        watching = followed(request, "watch", _TRACER)
        told = session.read(watching, session.ask(watching))
    except CheckOutcome:
        return None
    entries = told if isinstance(told, list) else []
    events = [event for entry in entries if (event := _event(session.failures, entry))]
    if not events:
        return None
    place, line, what, value = events[0]
    first = {"place": place, "line": line, "what": what, "value": value}
    if len(events) == 1:
        return _FIRST.of(**first), place
    where, there, then, _nan = events[1]
    if where == place:
        return _THERE.of(**first, then=then), place
    return _LATER.of(**first, then=then, where=where, there=there), place


def _event(failures: Failures, told: object) -> tuple[str, str, str, str] | None:
    """Place and text of a line, what was worked out there, and what it gave."""
    match told:
        case [str(file), int(number), str(name), str(value), list(operands)]:
            line = failures.line_at(file, number)
            numbers = [clean(each, 20) for each in operands if isinstance(each, str)]
            if line:
                return (
                    str(line),
                    line.text,
                    _written(clean(name, 40), numbers),
                    _SIGNS.get(value, clean(value, 20)),
                )
    return None


_SIGNS = {"inf": "∞", "-inf": "−∞", "nan": "NaN"}


def _written(name: str, operands: list[str]) -> str:
    numbers = [_SIGNS.get(each, each) for each in operands]
    if name in _OF_ONE and numbers:
        return f"`{name}({numbers[0]})`"
    if name in _OF_TWO and len(numbers) == 2:
        return f"`{_OF_TWO[name].format(*numbers)}`"
    return f"`{name}`"
