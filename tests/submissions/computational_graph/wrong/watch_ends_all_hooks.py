# wrong: handle.remove() takes away the hooks of others as well
# fails: watch
# cause: none
# WRONG: watch: handle.remove() removes all hooks of the tensor, also another watch's. 'handle.remove() ends that'; 'change nothing'
from collections.abc import Callable, Sequence
from typing import Any
import torch
from torch import Tensor

class Value:

    def __init__(self, data: Tensor) -> None:
        self.data = data
        self.grad = torch.zeros_like(data)
        self._made_of: list[tuple[Value, Tensor]] = []

    def __add__(self, other: 'Value') -> 'Value':
        result = Value(self.data + other.data)
        one = torch.ones_like(self.data)
        result._made_of = [(self, one), (other, one)]
        return result

    def __mul__(self, other: 'Value') -> 'Value':
        result = Value(self.data * other.data)
        result._made_of = [(self, other.data), (other, self.data)]
        return result

    def tanh(self) -> 'Value':
        result = Value(torch.tanh(self.data))
        result._made_of = [(self, 1 - result.data ** 2)]
        return result

    def backward(self) -> None:
        order: list[Value] = []
        seen = set()

        def visit(node: Value) -> None:
            if node not in seen:
                seen.add(node)
                for source, _ in node._made_of:
                    visit(source)
                order.append(node)
        visit(self)
        grads = {node: torch.zeros_like(node.data) for node in order}
        grads[self] = torch.ones_like(self.data)
        for node in reversed(order):
            for source, slope in node._made_of:
                grads[source] = grads[source] + slope * grads[node]
            if not node._made_of:
                node.grad = node.grad + grads[node]

def leaves_of(root: Tensor) -> list[Tensor]:
    if root.grad_fn is None:
        return [root] if root.requires_grad else []
    leaves, seen, waiting = ([], {root.grad_fn}, [root.grad_fn])
    while waiting:
        node = waiting.pop()
        if hasattr(node, 'variable'):
            leaves.append(node.variable)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
    return leaves

def gradients_of_each(losses: Sequence[Tensor], parameters: Sequence[Tensor]) -> list[list[Tensor]]:
    last = len(losses) - 1
    return [list(torch.autograd.grad(loss, parameters, retain_graph=number < last)) for number, loss in enumerate(losses)]

def watch(tensor: Tensor) -> tuple[list[Tensor], Any]:
    seen: list[Tensor] = []

    def note(grad: Tensor) -> None:
        seen.append(grad.detach().clone())
    handle = tensor.register_hook(note)

    class Handle:

        def remove(self) -> None:
            tensor._backward_hooks.clear()
    return (seen, Handle())

def truncated_backward(cell: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    state = state.detach()
    for x in inputs:
        state, loss = cell(state, x)
        loss.backward()
        state = state.detach()
    return state

def without_graph(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    with torch.no_grad():
        return f(x)
