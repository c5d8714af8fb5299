"""The graph behind backward: one written by hand against autograd's, and autograd's own read, kept, watched and cut."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from grader import (
    Draw,
    Student,
    _,
    called,
    drawn_graphs,
    expect,
    expect_close,
    explain,
    follows,
    needs,
    points,
    probe,
    rounds,
)

FORBIDDEN = {
    "by hand": {
        "except": ["leaves_of", "gradients_of_each", "watch", "truncated_backward", "without_graph"]
    }
}
# the numbers of dimensions, round by round
RANKS = (1, 0, 3, 2, 1, 2)
MOST_ELEMENTS = 1024
built, marked, added = drawn_graphs.built, drawn_graphs.marked, drawn_graphs.added
shared, tree, many_ways = drawn_graphs.shared, drawn_graphs.tree, drawn_graphs.many_ways


# Value


@probe
def value_pass(student: Any, by_default: bool, program: Any, leaves: list[Tensor]) -> Any:
    import contextlib

    with leaves[0].device if by_default else contextlib.nullcontext():
        own = [student.Value(leaf) for leaf in leaves]
        first = [leaf.grad for leaf in own]
        first = [grad.clone() if isinstance(grad, Tensor) else grad for grad in first]
        root = built(program, own)[-1]
        root.backward()
    data = root.data if program else None  # that of a leaf is the input itself
    return {"first": first, "data": data, "grads": [leaf.grad for leaf in own]}


def drawn_leaves(draw: Draw, count: int, size: float = 1.0) -> list[Tensor]:
    shape = draw.shape("shape", RANKS, elements=MOST_ELEMENTS)
    return [draw.layout(f"leaf {at}", size * draw.normal(*shape)) for at in range(count)]


def expect_pass(
    student: Student,
    draw: Draw,
    program: drawn_graphs.Program,
    leaves: list[Tensor],
    by_default: bool = False,
) -> None:
    """Holds value and gradients of one pass against autograd's."""
    needing = draw.choice("requires gradients", {"nothing": False, "every tensor": True})
    given = [leaf.detach().requires_grad_(needing) for leaf in leaves]
    got = student.run(value_pass, by_default=by_default, program=program, leaves=given)
    free = None if needing else False
    zeros = [torch.zeros_like(leaf) for leaf in leaves]
    expect_close(got["first"], zeros, _("grad at first"), requires_grad=free)
    root = len(leaves) + len(program) - 1
    scale = drawn_graphs.size_of_terms(program, leaves, root) if program else 1.0
    if program:
        value = built(program, [leaf.detach().double() for leaf in leaves])[-1].to(draw.dtype)
        expect_close(got["data"], value, _("data of the root"), requires_grad=free, scale=scale)
    expected = [grad.to(draw.dtype) for grad in drawn_graphs.gradients(program, leaves, root)]
    causes = partial(drawn_graphs.causes_of, program, leaves, root, got["grads"])
    what = _("after backward, grad of the leaves")
    expect_close(got["grads"], expected, what, requires_grad=free, causes=causes, scale=scale)


def tell_ways(draw: Draw) -> None:
    ways = _("{count} ways from the root to a leaf").format(count=f"2^{drawn_graphs.WAYS}")
    draw.drawn["ways"] = ways


@rounds(half=True)
@points(1)
def test_value_backward(student: Student, draw: Draw) -> None:
    """`Value`: `data` of sums, products and `tanh`, and their gradients by `backward`, where each node is used once."""
    if draw.round.low > 6:
        expect_pass(student, draw, [], drawn_leaves(draw, 1))  # a root that is a leaf
        expect_pass(student, draw, [["tanh", 0, 0]], drawn_leaves(draw, 1, 500.0))
        for size in (1e3, 1e-7):
            expect_pass(student, draw, [["*", 0, 1]], drawn_leaves(draw, 2, size))
    plain = draw.round.number in (1, 3)
    size = draw.magnitude("the leaves", tiny=(-3.0, -2.0)) if plain else 1.0
    count = draw.count("leaves", 4, 7)
    expect_pass(student, draw, tree(draw, count, plain), drawn_leaves(draw, count, size))


@rounds("published", "ones", "equal", half=True)
@points(1)
@follows("value_backward")
def test_value_shared(student: Student, draw: Draw) -> None:
    """... and where nodes are used several times: all shares are added, in topological order, each node once."""
    count = draw.size("leaves", low=4, high=5)
    turns = 1 if draw.dtype.itemsize == 2 else 2
    expect_pass(student, draw, shared(draw, count, turns), drawn_leaves(draw, count))
    if draw.round.is_published:
        expect_pass(student, draw, [["+", 0, 0], ["*", 1, 1]], drawn_leaves(draw, 1))
    if draw.round.all_equal:
        x = draw.normal(3)
        tell_ways(draw)
        expect_pass(student, draw, many_ways(), [x, torch.full_like(x, 0.5)])


@probe
def value_passes(
    student: Any, program: Any, leaves: list[Tensor], roots: list[int], later: Any
) -> Any:
    """The leaves' gradients after each of several passes: from some nodes, and of a graph that is built anew."""
    own = [student.Value(leaf) for leaf in leaves]
    nodes = built(program, own)
    found = []
    for root in [nodes[number] for number in roots] + [built(later, own)[-1]]:
        root.backward()
        found.append([leaf.grad.clone() for leaf in own])
    return found


@rounds("published", "equal")
@points(1)
@follows("value_backward", "value_shared")
def test_value_again(student: Student, draw: Draw) -> None:
    """... and each further `backward` adds its gradient: of the same graph, from an inner node, of another graph."""
    count = 4
    leaves = drawn_leaves(draw, count)
    program, later = shared(draw, count, 1), tree(draw, count)
    last, inner = count + len(program) - 1, count + len(program) - 5
    roots = [last] * 11 if draw.round.all_equal else [last, last, inner]
    got = student.run(value_passes, program=program, leaves=leaves, roots=roots, later=later)
    each = [drawn_graphs.gradients(program, leaves, root) for root in roots]
    each.append(drawn_graphs.gradients(later, leaves, count + len(later) - 1))
    held = drawn_graphs.with_inner_kept(program, leaves, roots)
    held.append(added(held[-1], each[-1]))
    so_far = [torch.zeros_like(grad) for grad in each[0]]
    names = [_("the gradients after one pass")]
    names += [_("the gradients after one more pass through the same graph")] * len(roots[1:])
    if roots[-1] == inner:
        names[-1] = _("the gradients after one more pass, from an inner node")
    names.append(_("the gradients after one more pass, of another graph with the same leaves"))
    for what, found, latest, wrong in zip(names, got, each, held, strict=True):
        so_far = added(so_far, latest)
        expected, kept, alone = (
            [grad.to(draw.dtype) for grad in grads] for grads in (so_far, wrong, latest)
        )
        causes = {drawn_graphs.INNER_KEPT: kept, drawn_graphs.LATEST_ALONE: alone}
        scale = len(got) * drawn_graphs.size_of_terms(program, leaves, last)
        expect_close(found, expected, what, causes=causes, scale=scale)


# the leaves of torch's graph


@probe
def read_leaves(student: Any, by_default: bool, graphs: list[Any]) -> list[Any]:
    """For each graph how often each of its leaves was found, and whether it is still as it was."""
    answers: list[Any] = []
    for program, leaves, needing, wide in graphs:
        with torch.enable_grad():
            own = marked(leaves, needing, True)
            root = built(program, own)[-1]
            root = root.expand(2, *root.shape) if wide else root
        needs, before = root.requires_grad, root.detach().clone()
        found = called(student.leaves_of, by_default, root)
        if isinstance(found, Tensor) or not hasattr(found, "__iter__"):
            return [type(found).__name__]
        found = [*found]
        counts = {f"leaf {at}": sum(each is leaf for each in found) for at, leaf in enumerate(own)}
        counts["other tensors"] = len(found) - sum(counts.values())
        values = torch.stack([leaf.detach() for leaf in own])
        marks = [leaf.requires_grad for leaf in own]
        kept = root.requires_grad is needs and torch.equal(root, before) and marks == needing
        filled = any(leaf.grad is not None for leaf in own)
        freed = False
        try:
            root.sum().backward() if needs else None
        except RuntimeError:
            freed = True
        answer = {"counts": counts, "values": values, "kept": kept, "filled": filled}
        answers.append({**answer, "freed": freed})
    return answers


Graph = tuple[drawn_graphs.Program, list[Tensor], list[bool], bool]


def expect_leaves(student: Student, *graphs: Graph, by_default: bool = False) -> None:
    """Of each graph: a program, leaves, which of them require gradients, and whether the root is expanded."""
    several = student.run(
        read_leaves, by_default=by_default, graphs=[list(each) for each in graphs]
    )
    kind = several[0] if isinstance(several[0], str) else ""
    expect(not kind, _("leaves_of gives back {kind}; a list is asked.").format(kind=kind))
    for got, graph in zip(several, graphs, strict=True):
        expect_found(got, *graph)


def expect_found(
    got: Any, program: drawn_graphs.Program, leaves: list[Tensor], needing: list[bool], wide: bool
) -> None:
    own = marked(leaves, needing)
    root = built(program, own)[-1]
    root = root.expand(2, *root.shape) if wide else root
    causes: Any = {
        drawn_graphs.ROOT_IS_LEAF if root.requires_grad else drawn_graphs.NO_GRADIENT: ...
    }
    expected = drawn_graphs.counted([int(leaf is root and leaf.requires_grad) for leaf in own])
    if root.grad_fn is not None:
        few_ways = len(program) < 2 * drawn_graphs.WAYS
        expected = drawn_graphs.leaf_counts(root, own)
        causes = partial(drawn_graphs.leaf_causes, root, own, got["counts"], few_ways)
    what = _("how often each leaf, and other tensors, were found")
    expect_close(got["counts"], expected, what, causes=causes)
    expect_close(got["values"], torch.stack(leaves), _("after leaves_of(root), the leaves"))
    sentence = _("The root, or what requires gradients, is another one after leaves_of(root).")
    expect(got["kept"], sentence)
    expect(not got["filled"], _("A leaf has a `.grad` after leaves_of(root)."))
    expect(not got["freed"], _("leaves_of(root) has freed the graph: it is only to be read."))


def some_leaves(draw: Draw, count: int) -> list[Tensor]:
    shape = draw.shape("shape", RANKS, elements=256)
    size = 1e3 if draw.round.ones is not None else 1.0
    return [draw.layout(f"leaf {at}", size * draw.numbers(*shape)) for at in range(count)]


@rounds("published", "more ones", "large", single=True, half=True)
@points(1)
def test_leaves(student: Student, draw: Draw) -> None:
    """`leaves_of(root)` lists the leaves of torch's graph, and nothing that requires no gradients or is not in it."""
    count = draw.count("leaves", 4, 36)
    leaves = some_leaves(draw, count + 1)
    needing = [True, False, True, *draw.integers(0, 6, count - 2).bool().tolist()]
    # the last one has no part in it
    graph = [[each[0], *(at + (at >= count) for at in each[1:])] for each in tree(draw, count)]
    expect_leaves(student, (graph, leaves, needing, draw.round.number == 4))


@rounds("published", "ones", "equal", single=True)
@points(1)
@follows("leaves")
def test_leaves_once(student: Student, draw: Draw) -> None:
    """... each of them once, however many ways lead to it; and a root that is a leaf, or has no graph."""
    leaves = some_leaves(draw, 4)
    # two leaves with equal numbers, and one behind `detach`
    same = [leaves[0], leaves[0].clone(), *leaves[2:]]
    cut = [["*", 2, 3], ["detach", 4, 0], ["+", 0, 1], ["unbind", 6, 5], ["*", 7, 3]]
    numbers = [torch.zeros((), dtype=draw.dtype) for _unused in range(2)]
    expect_leaves(
        student,
        (shared(draw, 4, 2), leaves, [True] * 4, False),
        (cut, same, [True] * 4, False),
        ([["*", 0, 1]], numbers, [True] * 2, False),
        ([], leaves[:1], [True], False),
        ([], leaves[:1], [False], False),
        ([["+", 0, 0]], leaves[:1], [False], False),
    )
    tell_ways(draw)
    expect_leaves(student, (many_ways(), leaves[:2], [True] * 2, False))


# several losses of one graph


@probe
def each_gradient(
    student: Any, by_default: bool, x: Tensor, own: list[Tensor], shares: list[Tensor], old: bool
) -> Any:
    import contextlib

    own, losses = marked(own, [True] * len(own)), list[Tensor]()
    beside = x.detach().clone().requires_grad_()  # a leaf that nobody asks for
    for factor in (2, 1):  # of an earlier call nothing is left
        with torch.enable_grad():
            shifts = [b / place for place, b in enumerate(own[1:], 1)]
            hidden = torch.tanh(beside @ own[0] + sum(shifts))
            losses[:] = [(hidden * share).sum() * factor for share in shares]
        for leaf in (*own, beside):
            leaf.grad = torch.ones_like(leaf) if old else None
        with x.device if by_default else contextlib.nullcontext():
            grads = student.gradients_of_each(losses, own)
    left = [None if leaf.grad is None else leaf.grad.clone() for leaf in (*own, beside)]
    try:
        losses[0].backward()
        freed = False
    except RuntimeError:
        freed = True
    return {"grads": grads, "left": left, "freed": freed}


def expect_each(student: Student, draw: Draw, by_default: bool = False) -> None:
    n, d, k = draw.size("n", high=12), draw.size("d", high=6), draw.size("k", high=70)
    count, parameters = draw.count("losses", 1, 34), draw.count("parameters", 2, 7)
    if draw.round.is_published:
        count = 3
    old = draw.choice("old gradients", {"none": False, "ones": True})
    size = draw.magnitude("the losses")
    x = draw.layout("x", draw.normal(n, d))
    own = [draw.normal(d, k) / d**0.5, *(draw.normal(k) for _unused in range(parameters - 1))]
    shares = [size * draw.normal(n, k) for _unused in range(count)]
    given: dict[str, Any] = {"x": x, "own": own, "shares": shares, "old": old}
    got = student.run(each_gradient, by_default=by_default, **given)
    leaves = [leaf.double().requires_grad_() for leaf in own]
    shifts = [b / place for place, b in enumerate(leaves[1:], 1)]
    hidden = torch.tanh(x.double() @ leaves[0] + sum(shifts))
    grads: list[list[Tensor]] = []
    for share in shares:
        loss = (hidden * share.double()).sum()
        grads.append(list(torch.autograd.grad(loss, leaves, retain_graph=True)))
    first = [torch.full_like(grad, float(old)) for grad in grads[0]]
    sums = [first]
    for each in grads:
        sums.append(added(sums[-1], each))
    total = [one - other for one, other in zip(sums[-1], first, strict=True)]

    def asked(several: Sequence[Sequence[Tensor]]) -> list[list[Tensor]]:
        return [[grad.to(draw.dtype) for grad in each] for each in several]

    causes = {
        drawn_graphs.EARLIER_IN_IT: asked(sums[1:]),
        explain.ALIASED: asked([sums[-1]] * count),
        drawn_graphs.OF_THE_SUM: asked([total] * count),
        drawn_graphs.STILL_IN_IT: asked([added(first, each) for each in grads]),
    }
    if count == 1:
        causes = {drawn_graphs.STILL_IN_IT: asked(sums[1:])} if old else {}
    free: Any = {"requires_grad": False, "causes": causes, "scale": n * size}
    expect_close(got["grads"], asked(grads), "gradients_of_each", **free)
    sentence = _("`.grad` of a leaf is another one after gradients_of_each.")
    kept = [*first, torch.full_like(x, float(old))]
    for left, before in zip(got["left"], kept, strict=True):
        expect((left is not None) == old, sentence, drawn_graphs.BACKWARD)
        if old:
            what = _("`.grad` of a leaf after gradients_of_each")
            expect_close(left, before.to(draw.dtype), what, causes={drawn_graphs.BACKWARD: ...})
    expect(
        got["freed"], _("After gradients_of_each the graph is not freed."), drawn_graphs.RETAINED
    )


@rounds(half=True)
@points(1)
def test_gradients_of_each(student: Student, draw: Draw) -> None:
    """`gradients_of_each` gives each loss its own gradients, leaves every `.grad` alone, and frees the graph."""
    expect_each(student, draw)


# a hook


@probe
def watched(student: Any, by_default: bool, x: Tensor, grads: list[Tensor], is_leaf: bool) -> Any:
    import warnings

    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        tensor = leaf if is_leaf else 3 * leaf
    others = list[Tensor]()
    tensor.register_hook(others.append)
    for at_first in (True, False):
        pair = called(student.watch, by_default, tensor)
        if not (isinstance(pair, tuple | list) and len(pair) == 2):
            return "no pair"
        seen, handle = pair
        if not isinstance(seen, list):
            return "no list"
        if at_first:  # what was watched and is no more may be watched again
            handle.remove()
    empty = not seen
    with torch.enable_grad():
        result, same = tensor * tensor + torch.tanh(tensor), tensor.view_as(tensor)
        result.backward(grads[0], retain_graph=True)
        with warnings.catch_warnings():  # of a circle of references
            warnings.simplefilter("ignore")
            result.backward(grads[1], create_graph=True)
        given = grads[2].clone()
        same.backward(given, retain_graph=True)
        given.zero_()
        handle.remove()
        result.backward(grads[0])
    left = None if leaf.grad is None else leaf.grad.detach()
    return {"empty": empty, "seen": [*seen], "x.grad": left, "others": len(others)}


def expect_watched(student: Student, draw: Draw, by_default: bool = False) -> None:
    is_leaf = draw.choice("the tensor", {"a leaf": True, "the result of an operation": False})
    shape = draw.shape("shape", RANKS, elements=MOST_ELEMENTS)
    x = draw.layout("x", draw.normal(*shape))
    grads = [draw.normal(*shape) for _unused in range(3)]
    got = student.run(watched, by_default=by_default, x=x, grads=grads, is_leaf=is_leaf)
    expect(got != "no pair", _("watch does not give a pair (seen, handle)."))
    expect(got != "no list", _("The first of what watch gives is no list."))
    expect(got["empty"], _("The list that watch gives is not empty at first."))
    factor = 1 if is_leaf else 3
    exact = factor * x.double()
    slope = 2 * exact + 1 - torch.tanh(exact) ** 2
    passes = [grads[0].double() * slope, grads[1].double() * slope, grads[2].double()]
    first, second, third = (each.to(draw.dtype) for each in passes)
    causes = {
        drawn_graphs.NOT_ENDED: [first, second, third, first],
        drawn_graphs.NOT_COPIED: [first, second, torch.zeros_like(third)],
    }
    what = _("the list of gradients, of three passes before handle.remove() and one after it")
    scale = 4 * max(1.0, exact.abs().max().item())
    expect_close(
        got["seen"], [first, second, third], what, requires_grad=False, causes=causes, scale=scale
    )
    total = (factor * (2 * passes[0] + passes[1] + passes[2])).to(draw.dtype)
    what = _("the gradient of a leaf behind the tensor that is watched")
    expect_close(got["x.grad"], total, what, causes={drawn_graphs.CHANGED: ...}, scale=4 * scale)
    expect(got["others"] == 4, _("`handle.remove()` ends other hooks of the tensor as well."))


@rounds(half=True)
@points(1)
def test_watch(student: Student, draw: Draw) -> None:
    """`watch` notes a copy of each gradient that comes to the tensor, changes none, and ends with `handle.remove()`."""
    expect_watched(student, draw)


# a graph that is cut


@probe
def through_steps(
    student: Any,
    by_default: bool,
    state: Tensor,
    inputs: list[Tensor],
    w: Tensor,
    v: Tensor,
    source: str,
    old: bool,
    size: float,
) -> Any:
    import contextlib

    with torch.enable_grad():
        (leaf,) = marked([state], [source != "constant"])
        first = 2 * leaf if source == "made" else leaf
        if source == "made":
            first.square().sum().backward()  # what it was made by is freed
            leaf.grad = None
        own = marked([w, v], [True, True])
    calls: list[float] = []

    def cell(state: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        calls.append(shift)
        state = size * torch.tanh(own[0] * (state / size) + x + shift)
        return state, (own[1] * state).sum()

    def failing(state: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        raise ArithmeticError("a step cannot be worked out here")

    with contextlib.suppress(ArithmeticError):
        student.truncated_backward(failing, first, inputs)
    several = []
    for shift in (1.0, 0.0):  # of an earlier call nothing is left
        for parameter in own:
            parameter.grad = torch.ones_like(parameter) if old else None
        with state.device if by_default else contextlib.nullcontext():
            several.append(student.truncated_backward(cell, first, inputs))
        several += [several[0].clone()] if shift and isinstance(several[0], Tensor) else []
    return {
        "state": several[-1],
        "stays": len(several) < 3 or torch.equal(*(each.nan_to_num() for each in several[:2])),
        "grads": [parameter.grad for parameter in own],
        "reached": leaf.grad is not None,
        "kept": first.requires_grad is (source != "constant"),
        "first": first.detach().clone(),
        "calls": calls.count(0.0),
    }


def expect_truncated(student: Student, draw: Draw, by_default: bool = False) -> None:
    shape = draw.shape("shape", RANKS, elements=MOST_ELEMENTS)
    count = draw.count("inputs", 1, 34)
    if draw.round.is_published:
        count = 3
    source = draw.choice("the state", ["constant", "leaf", "made"])
    size = draw.magnitude("the state", tiny=(-8.0, -7.0))
    state = draw.layout("state", (not draw.round.all_equal) * size * draw.normal(*shape))
    inputs = [draw.layout(f"input {at}", draw.normal(*shape)) for at in range(count)]
    # of a larger w small differences would grow from step to step
    w, v = draw.uniform(-0.9, 0.9, *shape), draw.normal(*shape)
    given: dict[str, Any] = {"state": state, "inputs": inputs, "w": w, "v": v, "size": size}
    old = draw.choice("old gradients", {"none": False, "ones": True})
    got = student.run(through_steps, by_default=by_default, source=source, old=old, **given)

    def walk(cut: bool, which: slice = slice(None)) -> tuple[Tensor, list[Tensor]]:
        """The last state, and the gradients of some of the losses."""
        exact = w.double().requires_grad_(), v.double().requires_grad_()
        now, losses = state.double() * (2 if source == "made" else 1), []
        for x in inputs:
            now = now.detach() if cut else now
            now = size * torch.tanh(exact[0] * (now / size) + x.double())
            losses.append((exact[1] * now).sum())
        grads = torch.autograd.grad(torch.stack(losses[which]).sum(), exact)
        return now.detach().to(draw.dtype), [(old + grad).to(draw.dtype) for grad in grads]

    last, expected = walk(cut=True)
    what = _("the last state")
    expect_close(got["state"], last, what, requires_grad=False, scale=size)
    expect(got["stays"], _("The last state of an earlier call is another one now."))
    causes = {drawn_graphs.THROUGH_TIME: lambda: walk(False)[1]}
    causes |= {drawn_graphs.LAST_STEP: lambda: walk(True, slice(-1, None))[1]} if count > 1 else {}
    causes |= {drawn_graphs.OLD_GONE: lambda: [grad - 1 for grad in expected]} if old else {}
    what = _("after truncated_backward, the gradients of the cell's parameters")
    factors = {_("the number of inputs"): count}
    expect_close(got["grads"], expected, what, causes=causes, factors=factors, scale=count * size)
    sentence = _("A gradient went back to what the first state was made of.")
    expect(not got["reached"], sentence, drawn_graphs.FIRST_STATE)
    given_first = 2 * state if source == "made" else state
    expect_close(got["first"], given_first, _("the first state after truncated_backward"))
    expect(got["kept"], _("The first state itself was detached, not a tensor made of it."))
    expect(got["calls"] == count, _("The cell was not called once for each input."))


@rounds(half=True)
@points(1)
def test_truncated_backward(student: Student, draw: Draw) -> None:
    """`truncated_backward` adds the gradients of each step alone, and gives the last state, detached."""
    expect_truncated(student, draw)


# no graph


@probe
def recorded(
    student: Any, by_default: bool, x: Tensor, w: Tensor, v: Tensor, source: str, size: float
) -> Any:
    import contextlib

    (parameter, later), needing = marked([w, v], [True, True]), source != "constant"
    leaf = x.detach().requires_grad_(needing)
    with torch.enable_grad():
        given = leaf.view_as(leaf) if source == "made" else leaf
    recording = []

    def f(x: Tensor) -> Tensor:
        recording.append(torch.is_grad_enabled())
        return size * (2 + torch.tanh(parameter * (x / size)))

    def failing(x: Tensor) -> Tensor:
        raise ArithmeticError("f cannot be worked out here")

    with contextlib.suppress(ArithmeticError):
        student.without_graph(failing, given)
    earlier = student.without_graph(lambda x: f(x) + size, given)
    before = earlier.clone() if isinstance(earlier, Tensor) else earlier
    result = called(student.without_graph, by_default, f, given)
    if not (isinstance(result, Tensor) and isinstance(earlier, Tensor)):
        return result
    ordinary = not result.is_inference()
    with torch.enable_grad():
        if ordinary:
            (later * result).sum().backward()
    grads = [parameter.grad, leaf.grad]
    return {
        "result": result,
        "off": bool(recording) and not any(recording),
        "ordinary": ordinary,
        "later": later.grad,
        "left": all(grad is None for grad in grads) and given.requires_grad is needing,
        "x": given.detach().clone(),
        "stays": torch.equal(earlier.nan_to_num(), before.nan_to_num()),
    }


def expect_no_graph(student: Student, draw: Draw, by_default: bool = False) -> None:
    shape = draw.shape("shape", RANKS, elements=MOST_ELEMENTS)
    source, size = (
        draw.choice("x", ["constant", "leaf", "made"]),
        draw.magnitude("x", tiny=(-8, -7)),
    )
    x = draw.layout("x", (not draw.round.all_equal) * size * draw.normal(*shape))
    given: dict[str, Any] = {"x": x, "w": draw.normal(*shape), "v": draw.normal(*shape)}
    got = student.run(recorded, by_default=by_default, source=source, size=size, **given)
    exact = 2 + torch.tanh(given["w"].double() * (x.double() / size))
    expected = (size * exact).to(draw.dtype)
    result = got["result"] if isinstance(got, dict) else got
    expect_close(result, expected, "without_graph(f, x)", requires_grad=False, scale=size)
    expect(got["stays"], _("What an earlier call gave is another tensor now."))
    expect(got["off"], _("While `f` ran, autograd was on, or `f` was not called."))
    expect(got["ordinary"], _("The result is an inference tensor."), drawn_graphs.INFERENCE)
    what = _("the gradient of w in (w * result).sum()")
    expect_close(got["later"], expected, what, scale=size)
    expect_close(got["x"], x, _("x after without_graph"))
    expect(got["left"], _("A tensor has a `.grad` that it had not before without_graph."))


@rounds(half=True)
@points(1)
def test_without_graph(student: Student, draw: Draw) -> None:
    """`without_graph` gives f(x), written into no graph, as a tensor that a later graph may keep."""
    expect_no_graph(student, draw)


@points(1)
@needs(
    "value_backward",
    "value_shared",
    "leaves",
    "gradients_of_each",
    "watch",
    "truncated_backward",
    "without_graph",
)
def test_other_devices(elsewhere: Student, draw: Draw) -> None:
    """All of it works on any device: results are where the inputs are."""
    for by_default in (False, True):
        if by_default:
            draw.tell_default(elsewhere.device)
        expect_pass(elsewhere, draw, shared(draw, 4, 1), drawn_leaves(draw, 4), by_default)
        graph = shared(draw, 4, 1), some_leaves(draw, 4), [True] * 4, False
        expect_leaves(elsewhere, graph, by_default=by_default)
        expect_each(elsewhere, draw, by_default)
        expect_watched(elsewhere, draw, by_default)
        expect_truncated(elsewhere, draw, by_default)
        expect_no_graph(elsewhere, draw, by_default)


HINTS = (
    """Draw y = a·b + a on paper: four nodes, and an arrow from each to those that it was made of. In which
    order can you write the gradients down, and where do two of them meet? `Value` does just that. For
    the others, `dir(y.grad_fn)` shows what a node of torch's has.""",
    """In `Value`, let each result remember what it was made of, with the derivative by each. `backward` first
    lists the nodes so that each comes after those that it was made of, then goes through that list in
    reverse, and keeps the gradients of the pass in a dict of its own. In `leaves_of` a set of nodes tells
    which ones have been met. `torch.autograd.grad` returns gradients and leaves every `.grad` alone.""",
    """```python
    def visit(node):
        if node not in seen:
            seen.add(node)
            for source, _ in node.made_of:
                visit(source)
            order.append(node)
    ```

    and then, for each node of `reversed(order)`, `grads[source] += slope * grads[node]` for each of its
    sources. `retain_graph=loss is not losses[-1]`. `tensor.register_hook(note)`, where `note` appends
    `grad.detach().clone()` and returns nothing. `state = state.detach()` before the first step and after each.
    `with torch.no_grad():`, not `torch.inference_mode()`.""",
)
COMPARE = """Another right way: each `Value` keeps a small function that hands its gradient on, as
    in micrograd; or no order is made beforehand, and each node counts the shares that it still waits for.
    The second is what torch does.

    torch keeps no gradient of inner nodes either, unless `retain_grad()` is called on one. What a graph
    keeps for the way back is in `grad_fn._saved_self`, `_saved_result` and the like;
    `torch.autograd.graph.saved_tensors_hooks` can put it elsewhere meanwhile."""
