"""Graphs of sums, products and tanh as data: drawn, built of what adds and multiplies, and gone back through by hand.

The hand may make a mistake: in a derivative, or in the order in which nodes hand their gradients on. A check builds a
graph of a student's values in a probe and of tensors here, and names a mistake whose numbers have come back. The same
for reading torch's own graph: which leaves are found, and how often.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from ...sandbox.wire.values import Received
from ..outcome import Cause
from ..probes import helper
from ..student import Draw
from ..telling.explain import fits

OVERWRITTEN = Cause(
    "overwritten",
    "Where a node is used several times, one share takes the place of the others; they are to be added.",
)
NO_ORDER = Cause(
    "wrong-order",
    "A node hands on its gradient before all that use it have given it their share, or once for each share: go "
    "through the nodes in topological order, from the root.",
)
EACH_WAY = Cause(
    "repeated", "A leaf comes once for each way that leads to it; it is asked for once."
)
FIRST_EDGE = Cause(
    "first-input-alone", "Only the first of each node's inputs is followed; go to all of them."
)
ONE_LEVEL = Cause("one-level", "Only what stands right behind the root is looked at.")
MERGED = Cause(
    "equal-taken-for-same",
    "Leaves with equal numbers are taken for one: `==` compares numbers, and `is` tells whether it is the same tensor.",
)
LATEST_ALONE = Cause(
    "not-added", "It is the gradient of the latest pass alone; each pass adds to `grad`."
)
INNER_KEPT = Cause(
    "inner-kept",
    "What inner nodes hold from the pass before is handed on once more: let each pass begin with zeros there.",
)
COPIED = Cause("copied", "What is listed are other tensors: `node.variable` is the leaf itself.")
ROOT_IS_LEAF = Cause("root-left-out", "A root that is a leaf itself is its own only leaf.")
NO_GRADIENT = Cause(
    "constant-taken", "The root does not require gradients: there is no leaf behind it."
)
EARLIER_IN_IT = Cause(
    "not-cleared",
    "The gradients of the losses before are in it: `backward()` adds to `.grad`, and `torch.autograd.grad` does not.",
)
OF_THE_SUM = Cause("over-reduced", "It is the gradient of the sum of all losses, for each of them.")
RETAINED = Cause(
    "retained", "`retain_graph=True` is for all passes but the last one, which frees the graph."
)
NOT_COPIED = Cause(
    "not-copied", "The gradient itself is kept, and somebody changes it later: keep a `clone()`."
)
NOT_ENDED = Cause(
    "not-removed", "It goes on after `handle.remove()`: give back what `register_hook` gives."
)
CHANGED = Cause(
    "gradient-changed", "What a hook returns takes the gradient's place: let it return None."
)
THROUGH_TIME = Cause(
    "not-detached",
    "It goes through all steps before: cut the state off after each step, with `detach()`.",
)
STILL_IN_IT = Cause(
    "not-cleared",
    "What was in `.grad` before is in it as well: `torch.autograd.grad` leaves it out.",
)
BACKWARD = Cause(
    "left-on-input",
    "`backward()` fills the `.grad` of every leaf; `torch.autograd.grad` leaves it alone.",
)
FIRST_STATE = Cause("not-detached", "Detach the state before the first step as well.")
INFERENCE = Cause(
    "inference-mode",
    "What `torch.inference_mode()` gives cannot be saved for a backward pass; `torch.no_grad()` gives ordinary "
    "tensors.",
)
OLD_GONE = Cause(
    "not-added", "What was in `.grad` before is gone: the gradients of the steps are added to it."
)
LAST_STEP = Cause("one-step", "It is the gradient of the last step alone.")
# what each mistake in a derivative gives stands in `slopes_of`
MISTAKES = {
    "own factor": Cause(
        "swapped", "A factor of a product gets itself for its derivative; it is the other factor."
    ),
    "sum of factors": Cause(
        "wrong-derivative",
        "A factor of a product gets 1 for its derivative; it is the other factor.",
    ),
    "no slope": Cause("missing-term", "The derivative of tanh is left out."),
    "not squared": Cause("wrong-power", "1 − tanh stands where 1 − tanh² is the derivative."),
    "of x": Cause("other-value", "1 − x² stands where 1 − tanh(x)² is the derivative."),
    "tanh": Cause("value-for-gradient", "tanh itself stands where its derivative is asked."),
    "first alone": Cause("missing-term", "Only the first of the two inputs gets a gradient."),
}
UPSTREAM = Cause(
    "upstream-ignored", "The gradient from above is ignored: multiply the derivative with it."
)
# in which ways a graph is gone back through
WAYS_BACK = {
    UPSTREAM: ("upstream",),
    OVERWRITTEN: ("overwritten", "latest first"),
    NO_ORDER: ("calls", "each call", "calls, once", "each call, once", "queue", "queue, once"),
}
# a graph as data: an operation, and the numbers of the nodes that it takes; leaves come first
Program = list[list[Any]]
Edges = list[tuple[int, Tensor]]
WAYS = 40  # 2 to this power lead from the root of `many_ways` to its leaf
_RTOL = 1e-5
MOST_STEPS = 4000  # of a walk that goes each way


@helper
def built(program: list[list[Any]], leaves: list[Any]) -> list[Any]:
    """All nodes of a graph: of tensors, or of values that a student's class made of them."""
    nodes = list(leaves)
    for operation, first, second in program:
        one, other = nodes[first], nodes[second]
        if operation == "+":
            nodes.append(one + other)
        elif operation == "*":
            nodes.append(one * other)
        elif operation == "tanh":
            nodes.append(one.tanh())
        elif operation == "detach":
            nodes.append(one.detach())
        else:  # several results of one operation
            nodes.append(torch.stack([one, other]).unbind()[0])
    return nodes


@helper
def marked(leaves: list[Tensor], needing: list[bool], one_memory: bool = False) -> list[Tensor]:
    """Tensors of one's own with the same numbers, of which some require gradients.

    Args:
        one_memory: whether one that equals the one before it lies where that does.
    """
    own: list[Tensor] = []
    for leaf, needs in zip(leaves, needing, strict=True):
        near = one_memory and own and torch.equal(own[-1], leaf)
        own.append((own[-1].detach() if near else leaf.detach().clone()).requires_grad_(needs))
    return own


def tree(draw: Draw, count: int, plain: bool = False) -> Program:
    """A graph of `count` leaves in which each node is used once; `plain`: with no tanh."""
    program: Program = []
    waiting, turn = list(range(count)), 0
    while len(waiting) > 1:
        first = waiting.pop(int(draw.integers(0, len(waiting)).item()))
        second = waiting.pop(int(draw.integers(0, len(waiting)).item()))
        program.append(["*+"[turn % 2], first, second])
        if turn % 2 == 0 and not plain:
            program.append(["tanh", count + len(program) - 1, 0])
        waiting.append(count + len(program) - 1)
        turn += 1
    return program


def shared(draw: Draw, count: int, turns: int) -> Program:
    """A graph in which nodes are used several times, by nodes near and far: tanh(p · q) + r, again and again.

    The last of the leaves is not in it.
    """
    program: Program = [["*", 0, 1]]
    for turn in range(turns):
        newest = count + len(program) - 1
        used = int(draw.integers(0, newest - count + 1).item()) + count
        leaf = (turn + 2) % (count - 1)
        program += [["*", newest, used], ["tanh", newest + 1, 0], ["+", newest + 2, newest]]
        program += [["*", newest + 3, leaf], ["+", newest + 4, newest + 2]]
    last = count + len(program) - 1
    # what was made first comes in once more at the very end, and one more node leads nowhere
    return [*program, ["tanh", last, 0], ["+", count, count], ["+", last + 1, last + 2]]


def many_ways() -> Program:
    """x and 1/2: the sum of the newest node with itself, halved, forty times."""
    steps: Program = []
    newest = 0
    for turn in range(WAYS):
        steps += [["+", newest, newest], ["*", 2 + 2 * turn, 1]]
        newest = 3 + 2 * turn
    return steps


def gradients(program: Program, leaves: Sequence[Tensor], root: int) -> list[Tensor]:
    """Autograd's gradients of the sum of a node's elements, in float64."""
    exact = [leaf.detach().double().requires_grad_() for leaf in leaves]
    total = built(program, exact)[root].sum()
    return list(torch.autograd.grad(total, exact, materialize_grads=True))


def added(some: Sequence[Tensor], others: Sequence[Tensor]) -> list[Tensor]:
    return [one + other for one, other in zip(some, others, strict=True)]


# the same by hand, with mistakes


def slopes_of(program: Program, leaves: Sequence[Tensor], mistake: str) -> dict[int, Edges]:
    """For each node the nodes that it was made of, with the derivative by each."""
    data = built(program, [leaf.detach().double() for leaf in leaves])
    one = torch.ones_like(data[0])
    found: dict[int, Edges] = {number: [] for number in range(len(leaves))}
    for number, (operation, first, second) in enumerate(program, len(leaves)):
        if operation == "tanh":
            t = data[number]
            slope = 1 - t**2
            others = {"no slope": one, "not squared": 1 - t, "of x": 1 - data[first] ** 2}
            found[number] = [(first, {**others, "tanh": t}.get(mistake, slope))]
            continue
        factors = data[second], data[first]
        if mistake == "own factor":
            factors = factors[1], factors[0]
        if operation == "+" or mistake == "sum of factors":
            factors = one, one
        both = [(first, factors[0]), (second, factors[1])]
        found[number] = both[:1] if mistake == "first alone" else both
    return found


def in_order(edges: dict[int, Edges], root: int) -> list[int]:
    """Each node behind the root once, after those that it was made of."""
    order: list[int] = []

    def visit(node: int) -> None:
        if node not in order:
            for source, _slope in edges[node]:
                visit(source)
            order.append(node)

    visit(root)
    return order


def passed_back(
    edges: dict[int, Edges], root: int, way: str = "", kept: Any = None
) -> dict[int, Tensor]:
    """What each node holds after a pass from the root.

    Args:
        way: "" in topological order; "upstream", "overwritten" or "latest first" in that order, with the mistake that
            it is named for; else the walk of a beginner, with calls or a queue, for each edge or for each node once.
        kept: what the nodes hold before the pass.
    """
    like = torch.ones_like(next(slope for each in edges.values() for _node, slope in each))
    grads = {node: torch.zeros_like(like) for node in edges} | (kept or {})
    grads[root] = like.clone()

    def give(node: int) -> Iterator[int]:
        for source, slope in edges[node]:
            share = slope if way == "upstream" else slope * grads[node]
            adds = way not in ("overwritten", "latest first")
            grads[source] = grads[source] + share if adds else share
            yield source

    if way in ("", "upstream", "overwritten", "latest first"):
        order = in_order(edges, root)
        for node in reversed(sorted(order) if way == "latest first" else order):
            list(give(node))
        return grads
    waiting: list[Iterator[int]] = [iter([root])]
    seen, left = set(), MOST_STEPS
    while waiting and left:  # of a queue the first, of calls the last
        here = waiting[0 if way.startswith("queue") else -1]
        left -= 1
        node = next(here, -1)
        if node < 0:
            waiting.remove(here)
        elif not (way.endswith("once") and node in seen):
            seen.add(node)
            sources = give(node)  # one by one, or all of them before any goes on
            waiting.append(sources if way.startswith("calls") else iter(list(sources)))
    return grads


def with_inner_kept(
    program: Program, leaves: Sequence[Tensor], roots: Sequence[int]
) -> list[list[Tensor]]:
    """What the leaves hold after each of several passes in which inner nodes go on from what they have."""
    edges, found = slopes_of(program, leaves, ""), []
    kept: dict[int, Tensor] = {}
    for root in roots:
        kept = passed_back(edges, root, "", kept)
        found.append([kept[at] for at in range(len(leaves))])
    return found


def causes_of(program: Program, leaves: Sequence[Tensor], root: int, got: Any) -> dict[Cause, Any]:
    """What known mistakes give for the leaves' gradients; nothing is named where the root is a leaf."""
    if not program:
        return {}
    right = slopes_of(program, leaves, "")

    def of_leaves(grads: dict[int, Tensor]) -> list[Tensor]:
        return [grads[at].to(leaf.dtype) for at, leaf in enumerate(leaves)]

    found = {
        cause: of_leaves(passed_back(slopes_of(program, leaves, name), root))
        for name, cause in MISTAKES.items()
    }
    for cause, ways in WAYS_BACK.items():
        several = [of_leaves(passed_back(right, root, way)) for way in ways]
        found[cause] = next((each for each in several if holds(got, each)), several[0])
    return found


def holds(got: Any, other: list[Tensor]) -> bool:
    """Whether these are the numbers that came back."""
    return all(
        isinstance(one, Received) and fits(one.tensor, value, None, _RTOL)
        for one, value in zip(got, other, strict=True)
    )


def size_of_terms(program: Program, leaves: Sequence[Tensor], root: int) -> float:
    """How large the terms are that gradients are sums of, where a value's rounding goes into what it multiplies."""
    edges = slopes_of(program, leaves, "")
    grads = passed_back(edges, root)
    terms = [slope * grads[node] for node, each in edges.items() for _source, slope in each]
    # 1 − tanh² has the rounding of the 1
    made = enumerate(program, len(leaves))
    terms += [grads[number] for number, (operation, *_rest) in made if operation == "tanh"]
    values = built(program, [leaf.detach().double() for leaf in leaves])
    largest = max(1.0, *(float(value.abs().max()) for value in values))
    return largest * float(max(term.abs().max() for term in terms))


# the leaves of torch's own graph


def leaf_counts(root: Tensor, leaves: Sequence[Tensor], mistake: str = "") -> dict[str, int]:
    """How often each leaf is met on the way from a root; each node is gone through once, but for a mistake."""
    met = [0] * len(leaves)
    nodes = [root.grad_fn] if root.grad_fn else []
    seen = set(nodes)
    for node in nodes:  # which grows meanwhile
        if hasattr(node, "variable"):
            met[next(at for at, leaf in enumerate(leaves) if leaf is node.variable)] += 1
        edges = node.next_functions[:1] if mistake == "first edge" else node.next_functions
        following = [other for other, _number in edges if other]
        if mistake == "one level" and node is not root.grad_fn:
            following = []
        if mistake != "each way":
            following = [other for other in dict.fromkeys(following) if other not in seen]
        seen.update(following)
        nodes += following
    return counted(met)


def counted(met: Sequence[int]) -> dict[str, int]:
    return {f"leaf {at}": times for at, times in enumerate(met)} | {"other tensors": 0}


def leaf_causes(
    root: Tensor, leaves: Sequence[Tensor], got: dict[str, int], few_ways: bool
) -> dict[Cause, dict[str, int]]:
    """What known mistakes find behind a root; `few_ways`: going each of them comes to an end."""
    mistakes = {"first edge": FIRST_EDGE, "one level": ONE_LEVEL}
    mistakes |= {"each way": EACH_WAY} if few_ways else {}
    right = leaf_counts(root, leaves)
    found = {MERGED: merged(right, leaves, got)}
    found |= {cause: leaf_counts(root, leaves, mistake) for mistake, cause in mistakes.items()}
    found[COPIED] = dict.fromkeys(right, 0) | {"other tensors": sum(right.values())}
    return found


def merged(expected: dict[str, int], leaves: Sequence[Tensor], got: Any) -> dict[str, int]:
    """What is asked, but of leaves with equal numbers only the one that was found."""
    found = dict(expected)
    for name, leaf in zip(expected, leaves, strict=False):
        alike = [
            one for one, other in zip(expected, leaves, strict=False) if torch.equal(leaf, other)
        ]
        if len(alike) > 1 and sum(got[one] for one in alike) == 1:
            found[name] = got[name]
    return found
