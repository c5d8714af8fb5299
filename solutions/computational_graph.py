"""The graph behind backward

While tensors that require gradients are computed with, autograd writes a graph: a node for each
operation, from which edges lead to the nodes of its inputs. It has a direction and no circle (a
DAG). Its *root* is the result, its *leaves* are the tensors that you made yourself. `backward()`
walks from the root to the leaves with the chain rule. Here you write such a graph yourself
(`Value`), and then read, keep, watch, cut and avoid torch's.

- **Order.** The gradient of a node is the sum over all its uses. A node may hand on its gradient
  when all that use it have given it their share, and not before: that is *topological order*.
- **Reading.** `y.grad_fn` is the node that made y; `node.next_functions` holds a pair (node, number)
  for each of its inputs, with None for a node where an input needs no gradient. The way ends at a
  node `AccumulateGrad`, whose `.variable` is the leaf. A leaf's own `grad_fn` is None.
- **Freeing.** A backward pass frees what the graph keeps for it, and so a second one through the
  same graph raises. `retain_graph=True` keeps it, until a pass without it.
- **Rebuilding.** Each forward pass writes a graph anew. A result that is taken along into the next
  pass takes its old graph with it, until `detach()` cuts it off.
- **Hooks.** `t.register_hook(f)` has f called with the gradient of t in each backward pass, and
  gives a handle; `handle.remove()` ends that. What f returns takes the gradient's place, if it
  is not None.
- **No graph.** In `torch.no_grad()` nothing is written down. `torch.inference_mode()` saves a bit
  more, and its results may never be kept by a graph again: `(w * result).sum()` raises.

**A number to check.** With a = 2 and b = 3, y = a·b + a is 8, and its gradients are b + 1 = 4 for a
and 2 for b. A second `y.backward()` adds the same again: 8 and 4.

**Rules.** `Value` is by hand: no automatic differentiation of any kind (`.backward()` of a tensor,
`torch.autograd`, `torch.func`, a tensor made to require gradients), nor a backward pass that torch
has ready. In the other functions autograd is the subject, and everything is allowed.

- Results have the shape, the dtype and the device of the inputs.
- Inputs are left as they were: same values, same `requires_grad`, same `.grad`; but for the
  gradients that `truncated_backward` is there to add.
- Tensors may have any shape, sizes of 1, and be non-contiguous. No list is empty.
- No way from a root to a leaf is longer than 200 operations, so a function may call itself. But
  there may be very many ways: with `y = y + y` forty times there are more than 10¹². So a walk goes
  through each *node* once, not through each way.

- Finite differences are no automatic differentiation, but `Value` is asked for more digits than
  they have.
- A function that breaks the rule loses its own points; the others keep theirs. Functions that a
  rule is for start no threads.
- float16 and bfloat16 are taken too, wherever torch's own function takes them: the results have
  that dtype, and are as exact as it is.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device, unless that is said. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


class Value:
    """A node of a graph that is written by hand: a tensor, and how it was made.

    `Value(x)` is a leaf; `a + b`, `a * b` and `a.tanh()` give new nodes, element by element. All
    tensors of one expression have the same shape, so nothing is broadcast.

    Attributes:
        data: the tensor.
        grad: a tensor of the shape, the dtype and the device of `data`, zero at first. In a leaf it
            is the sum of all gradients so far; what it holds in other nodes is free.
    """

    def __init__(self, data: Tensor) -> None:
        ### BEGIN SOLUTION
        self.data = data
        self.grad = torch.zeros_like(data)
        self._made_of: list[tuple[Value, Tensor]] = []  # each with the derivative by it
        ### END SOLUTION

    def __add__(self, other: "Value") -> "Value":
        """The sum of two nodes, which may be one and the same."""
        ### BEGIN SOLUTION
        result = Value(self.data + other.data)
        one = torch.ones_like(self.data)
        result._made_of = [(self, one), (other, one)]
        return result
        ### END SOLUTION

    def __mul__(self, other: "Value") -> "Value":
        """The product of two nodes, which may be one and the same."""
        ### BEGIN SOLUTION
        result = Value(self.data * other.data)
        result._made_of = [(self, other.data), (other, self.data)]
        return result
        ### END SOLUTION

    def tanh(self) -> "Value":
        """The hyperbolic tangent; its derivative is 1 − tanh²."""
        ### BEGIN SOLUTION
        result = Value(torch.tanh(self.data))
        result._made_of = [(self, 1 - result.data**2)]
        return result
        ### END SOLUTION

    def backward(self) -> None:
        """Add the gradient of the sum of this node's elements to the `grad` of each leaf.

        Each call adds it in full: a second one through the same graph, one that begins at an inner
        node, and one of another graph with the same leaves. (So what a pass keeps in inner nodes
        may not leak into the next.) A leaf that this node was not made of stays as it is; if this
        node is a leaf itself, ones are added.
        """
        ### BEGIN SOLUTION
        order: list[Value] = []  # each node after those that it was made of
        seen = set()

        def visit(node: Value) -> None:
            if node not in seen:
                seen.add(node)
                for source, _ in node._made_of:
                    visit(source)
                order.append(node)

        visit(self)
        grads = {node: torch.zeros_like(node.data) for node in order}  # of this pass alone
        grads[self] = torch.ones_like(self.data)
        for node in reversed(order):
            for source, slope in node._made_of:
                grads[source] = grads[source] + slope * grads[node]
            if not node._made_of:
                node.grad = node.grad + grads[node]
        ### END SOLUTION


def leaves_of(root: Tensor) -> list[Tensor]:
    """The leaves of torch's own graph behind `root`: the tensors whose `.grad` `backward()` would fill.

    They are the tensors themselves, not copies. Two leaves with equal numbers are two leaves. The
    graph is only read: it can be gone through by a backward pass afterwards.

    (Keep nodes in a set themselves, not by `id(node)`: an object for a node that nobody holds is
    made anew, and another may get its `id`.)

    Args:
        root: any tensor. It may be a leaf itself, and then is the only one; and if it does not
            require gradients, there are none.

    Returns:
        Each leaf once, in any order.
    """
    ### BEGIN SOLUTION
    if root.grad_fn is None:
        return [root] if root.requires_grad else []
    leaves, seen, waiting = [], {root.grad_fn}, [root.grad_fn]
    while waiting:
        node = waiting.pop()
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
    return leaves
    ### END SOLUTION


def gradients_of_each(losses: Sequence[Tensor], parameters: Sequence[Tensor]) -> list[list[Tensor]]:
    """The gradients of several losses that were made by one forward pass.

    Afterwards the graph has been freed, as by a plain `backward()`: another pass through it raises.
    Every `.grad` stays as it was.

    Args:
        losses: a list of scalars; what they have in common is one graph.
        parameters: a list of leaves. Each loss depends on each of them.

    Returns:
        For each loss the list of its own gradients, one for each parameter, in its shape; detached.
    """
    ### BEGIN SOLUTION
    last = len(losses) - 1
    return [
        list(torch.autograd.grad(loss, parameters, retain_graph=number < last))
        for number, loss in enumerate(losses)
    ]
    ### END SOLUTION


def watch(tensor: Tensor) -> tuple[list[Tensor], Any]:
    """Note each gradient that comes to a tensor in a backward pass, and change nothing.

    Args:
        tensor: a leaf or the result of an operation; it requires gradients.

    Returns:
        The pair `(seen, handle)`: `seen` is a list, empty at first, to which each backward pass
        appends one entry, the whole gradient of `tensor`, as a detached copy; `handle.remove()` ends
        that.
    """
    ### BEGIN SOLUTION
    seen: list[Tensor] = []

    def note(grad: Tensor) -> None:
        seen.append(grad.detach().clone())

    return seen, tensor.register_hook(note)
    ### END SOLUTION


def truncated_backward(
    cell: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    state: Tensor,
    inputs: Sequence[Tensor],
) -> Tensor:
    """Go through a sequence, with a backward pass for each step that ends where the step began.

    A step is `state, loss = cell(state, x)`, and for each loss the gradients are added to the `.grad`
    of the parameters that the cell holds, as `backward()` does. To each step the state that it is
    given is a constant: no gradient goes back into the steps before, nor to what the first state was
    made of. For a cell with the parameter w = 2 whose new state is w·state + x, and whose loss is the
    new state: from the state 1, the inputs `[1, 1]` give the states 3 and 7, and w.grad = 1 + 3 = 4.

    Args:
        cell: takes a state and an input, and gives the next state and a scalar loss; called once
            for each input.
        state: the first one; it may require gradients, or be the result of operations.
        inputs: a list of tensors.

    Returns:
        The last state, detached.
    """
    ### BEGIN SOLUTION
    state = state.detach()
    for x in inputs:
        state, loss = cell(state, x)
        loss.backward()
        state = state.detach()
    return state
    ### END SOLUTION


def without_graph(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """What `f` gives for `x`, with no graph written, for use in a later graph.

    While `f` runs, autograd is off (`torch.is_grad_enabled()` is False); afterwards it is as it was
    before, also when `f` raises. The result is an ordinary tensor that a later graph may keep: for
    w that requires gradients, `(w * result).sum().backward()` works.

    Args:
        f: a function that makes a new tensor, maybe with parameters that require gradients.
        x: what `f` takes; it may require gradients.

    Returns:
        f(x), which does not require gradients.
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        return f(x)
    ### END SOLUTION
