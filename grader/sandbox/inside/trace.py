"""What was seen of the rules "by hand" and "from scratch" while a probe ran, whatever names the code used for it.

    operator_trace.py    what torch ran: operators, autograd's engine, nodes of a graph ─┐
    call_trace.py        which functions of Python ran, and who called whom             ─┼─▶ `seen`: rules and names
    forbidden.py         what "from scratch" forbids                                    ─┘

It is there for what the source does not show. It sits in the student's process, so its silence proves nothing; but who
ends it on the way is told as well.

*By hand* forbids autograd's engine, a node of a graph called alone, dual numbers, a ready-made backward kernel, and a
`backward` written in Python that torch brings along. A graph that nobody goes through is nothing, and so is a method
`backward` of the student's own. Where the probe itself differentiates, as for a `torch.autograd.Function`, the engine
that it starts is the probe's; what runs within a forward or backward pass of the student's is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import partial
from types import CodeType
from typing import Any, NamedTuple

from . import call_trace
from .call_trace import Call, called, is_installed, place
from .forbidden import Forbidden, forbidden, forbids, inherited
from .operator_trace import MARKS, NODE, PROFILER, Span, Wanted, Within, first_mark, last_mark

Step = Callable[[], Any]
Outcome = tuple[Any, BaseException | None]
BY_HAND, FROM_SCRATCH = "by hand", "from scratch"
_MOST = 8
_ENDED = "the end of the grader's own trace"
_ENGINE = "autograd::engine::"
_DUAL = ("aten::_make_dual", "aten::_fw_primal")
# places of what differentiates when it is called; first those that a probe calls itself
_PROBES_OWN = (
    "torch._tensor.Tensor.backward",
    "torch.autograd.backward",
    "torch.autograd.grad",
    "torch.autograd.gradcheck.gradcheck",
    "torch.autograd.gradcheck.gradgradcheck",
)
_DIFFERENTIATE = (
    "torch.autograd.functional.",
    "torch._functorch.apis.grad.",
    "torch._functorch.apis.grad_and_value.",
    "torch._functorch.eager_transforms.",
)
# a node that is put into a graph by calling it, as `gradcheck` does; it differentiates nothing
_HARMLESS_NODE = "torch::autograd::UndefinedGrad"
_FORMULAS = ("torch._decomp.", "torch._refs.")
# what is called `backward` here starts the engine, or is called by it for the student's own
_ENGINES_OWN = (
    "torch._tensor.",
    "torch.autograd.backward",
    "torch.autograd.function.",
    "torch._functorch.",
    "torch._library.",
)


class Trace(NamedTuple):
    """A trace: its rules, and what its steps need. Nothing of ours can be reached from it."""

    rules: dict[str, Any]
    told: Any
    noted: Any


class Ran(NamedTuple):
    """What ran.

    Attributes:
        operators: names that torch told.
        spans: gives those that are wanted by their names, each with what it ran in.
        calls: the functions of Python.
    """

    operators: Set[str]
    spans: Callable[[Wanted], Iterator[Span]]
    calls: list[Call]


class Watched(NamedTuple):
    """What was watched: a probe, and the student's module.

    Attributes:
        programs: the probe's program.
        words: the texts that it is given.
        space: the module's names.
    """

    programs: list[CodeType]
    words: frozenset[str]
    space: dict[str, Any]


def new_trace(rules: Mapping[str, Any], known: dict[str, Forbidden]) -> Trace:
    """A trace for rules.

    Args:
        rules: `{"by hand": True}`, `{"from scratch": [dotted names]}`, or both.
        known: what is known of dotted names from the traces before; it is added to.
    """
    asked = dict(rules)
    if names := rules.get(FROM_SCRATCH):
        key = " ".join(names)
        if key not in known:
            known[key] = forbidden(names)
        asked[FROM_SCRATCH] = known[key]
    return Trace(asked, PROFILER.new(), call_trace.new())


def steps_before(trace: Trace) -> dict[str, Step]:
    """The steps before the call that is watched, each with a name."""
    begin: dict[str, Step] = {"begin": PROFILER.begin(trace.told), "mark": first_mark}
    return begin | call_trace.begin(trace.noted)


def steps_after(trace: Trace) -> dict[str, Step]:
    """The steps after it. What `end` gives, or raises, is for `seen`."""
    end: dict[str, Step] = {"mark again": last_mark, "end": PROFILER.end(trace.told)}
    return call_trace.end(trace.noted) | end


def seen(trace: Trace, outcome: Outcome, watched: Watched) -> list[list[str]]:
    """What was seen of each rule: pairs of the rule and the name that torch or Python has for it, some for each.

    Args:
        outcome: what the step `end` gave, and what it raised.
    """
    ended, problem = outcome
    told = partial(PROFILER.spans, trace.told, ended)
    operators = frozenset() if problem else PROFILER.names(trace.told, ended)
    calls = call_trace.calls(trace.noted)
    whole = calls is not None and operators >= MARKS
    ran = Ran(operators, told, calls or [])
    found = []
    for rule, options in trace.rules.items():
        names = set() if whole else {_ENDED}
        if rule == BY_HAND and options:
            names.update(_differentiations(ran, watched))
        elif rule == FROM_SCRATCH and options:
            names.update(_uses(ran, watched, options))
        found += [[rule, name] for name in sorted(names, key=_plainest_first)[:_MOST]]
    return found


def _plainest_first(name: str) -> tuple[bool, bool, str]:
    return not name.startswith("torch."), "<" in name or "._" in name, name


def _differentiations(ran: Ran, watched: Watched) -> Iterator[str]:
    probes = [*_codes_in(watched.programs)]
    itself = False
    for call in ran.calls:
        if is_installed(call.code):
            if _has_such_a_name(call.code) and _is_ready_made(where := place(call.code)):
                yield where
        else:
            # not by `id`, which tells a student's audit hook
            by_probe = any(call.code is each for each in probes)
            for where in map(place, called(call)):
                if by_probe and where in _PROBES_OWN:
                    itself = True
                elif where in _PROBES_OWN or where.startswith(_DIFFERENTIATE):
                    yield where
    if not any(map(_may_differentiate, ran.operators)):
        return
    for span in ran.spans(_may_differentiate):
        if _differentiates(span) and not (itself and _is_the_probes(span)):
            yield span[0].name


def _has_such_a_name(code: CodeType) -> bool:
    """Whether `_is_ready_made` need be asked, which is slower."""
    return code.co_qualname.endswith(("backward", "backward_data"))


def _is_ready_made(where: str) -> bool:
    """Whether a function of torch's works out a gradient in Python, by a formula that it brings along."""
    name = where.rpartition(".")[2]
    if where.startswith(_FORMULAS):
        return name.endswith(("_backward", "_backward_data"))
    return name == "backward" and where.startswith("torch.") and not where.startswith(_ENGINES_OWN)


def _may_differentiate(name: str) -> bool:
    return name.startswith((_ENGINE, "torch::autograd::", *_DUAL)) or "ackward" in name


def _differentiates(span: Span) -> bool:
    (name, scope), _ = span
    kernel = name.startswith("aten::") and "_backward" in name
    node = scope == NODE and name != _HARMLESS_NODE
    return kernel or node or name.startswith((_ENGINE, *_DUAL))


def _is_the_probes(span: Span) -> bool:
    """Whether this is of an engine that a probe has started, and not of one in a pass of the student's."""
    (name, scope), above = span
    if name.startswith(_ENGINE):
        return not above
    if scope == NODE:
        return bool(above) and above[-1].name.startswith(_ENGINE)
    nodes = [each for each in above if each.scope == NODE]
    return bool(nodes) and not name.startswith(_DUAL) and not any(map(_is_of_python, nodes))


def _is_of_python(node: Within) -> bool:
    """Whether a node is a `torch.autograd.Function`'s: the names of torch's own end in a digit."""
    return not node.name.startswith("torch::") and not node.name[-1:].isdigit()


def _uses(ran: Ran, watched: Watched, rule: Forbidden) -> Iterator[str]:
    for call in ran.calls:
        if forbids(rule, where := place(call.code)):
            yield where
    yield from ran.operators & rule.operators
    if ran.operators & rule.direct:
        for (name, _), above in ran.spans(rule.direct.__contains__):
            if not any(map(_is_torchs, above)):
                yield name
    words = watched.words.union(*map(_words_in, _codes_in(watched.programs)))
    for name, value in list(watched.space.items()):
        if type(name) is str and name in words and issubclass(type(value), type):
            if where := inherited(rule, value):
                yield where


def _is_torchs(above: Within) -> bool:
    return above.name.startswith(("aten::", _ENGINE)) or above.scope == NODE


def _codes_in(programs: Iterable[CodeType]) -> Iterator[CodeType]:
    for program in programs:
        yield program
        yield from _codes_in(each for each in program.co_consts if type(each) is CodeType)


def _words_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from (each for each in code.co_consts if type(each) is str)


def words_of(arguments: Mapping[str, Any]) -> frozenset[str]:
    """The texts among the arguments of a probe, by which it may ask for what is the student's."""
    return frozenset(each for each in arguments.values() if type(each) is str)
