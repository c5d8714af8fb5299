# right: a class for each operation, with a forward and a backward of its own
import torch
import torch.nn as nn
from torch import Tensor


class Operation:
    def __init__(self, *inputs: "Value"):
        self.inputs = inputs

    def value(self) -> "Value":
        result = Value(self.forward(*[each.data for each in self.inputs]))
        result.operation = self
        return result


class Add(Operation):
    def forward(self, a, b):
        return torch.add(a, b)

    def backward(self, grad):
        return grad, grad


class Mul(Operation):
    def forward(self, a, b):
        self.saved = a, b
        return torch.mul(a, b)

    def backward(self, grad):
        a, b = self.saved
        return torch.mul(grad, b), torch.mul(grad, a)


class Tanh(Operation):
    def forward(self, x):
        self.saved = torch.tanh(x)
        return self.saved

    def backward(self, grad):
        return (grad * (1.0 - torch.pow(self.saved, 2)),)


class Value(nn.Module):
    def __init__(self, data: Tensor):
        super().__init__()
        self.data = data
        self.grad = torch.zeros_like(data)
        self.operation = None

    def __add__(self, other):
        return Add(self, other).value()

    def __mul__(self, other):
        return Mul(self, other).value()

    def tanh(self):
        return Tanh(self).value()

    def order(self, seen=None):
        seen = set() if seen is None else seen
        if self in seen:
            return []
        seen.add(self)
        before = []
        for each in self.operation.inputs if self.operation else ():
            before += each.order(seen)
        return before + [self]

    def backward(self):
        order = self.order()
        total = {id(node): None for node in order}
        total[id(self)] = torch.ones_like(self.data)
        for node in order[::-1]:
            mine = total[id(node)]
            if node.operation is None:
                node.grad.add_(mine)
                continue
            for each, share in zip(node.operation.inputs, node.operation.backward(mine)):
                known = total[id(each)]
                total[id(each)] = share if known is None else known + share


def leaves_of(root: Tensor) -> list[Tensor]:
    if not root.requires_grad:
        return []
    edge = torch.autograd.graph.get_gradient_edge(root)
    todo, done, leaves = [edge.node], [], []
    while todo:
        node = todo.pop(0)
        if any(node is other for other in done):
            continue
        done.append(node)
        if getattr(node, "variable", None) is not None:
            leaves.append(node.variable)
        todo.extend(n for n, _ in node.next_functions if n is not None)
    return leaves


def gradients_of_each(losses, parameters):
    rows = []
    for i in reversed(range(len(losses))):
        rows.insert(0, torch.autograd.grad(losses[i], parameters, retain_graph=i > 0))
    return rows


def watch(tensor: Tensor):
    seen = []

    def remember(grad):
        copy = torch.empty_like(grad, requires_grad=False)
        copy.data.copy_(grad.data)
        seen.append(copy)

    return seen, tensor.register_hook(remember)


def truncated_backward(cell, state, inputs):
    def step(before, rest):
        if not rest:
            return before
        after, loss = cell(before, rest[0])
        loss.backward()
        return step(after.data, rest[1:])

    return step(state.data, list(inputs))


@torch.no_grad()
def without_graph(f, x):
    return f(x)
