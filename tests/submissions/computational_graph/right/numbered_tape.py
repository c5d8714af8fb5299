# right: nodes are numbered as they are made, and a heap takes the newest first
import heapq
import itertools

import torch

number = itertools.count()


class Value:
    __slots__ = ("_data", "_grad", "came_from", "born")

    def __init__(self, data, came_from=()):
        self._data = data
        self._grad = data.new_zeros(data.shape)
        self.came_from = came_from
        self.born = next(number)

    data = property(lambda self: self._data)
    grad = property(lambda self: self._grad)

    def __lt__(self, other):
        return self.born > other.born

    def __add__(self, other):
        return Value(self.data + other.data, [(self, None), (other, None)])

    def __mul__(self, other):
        return Value(self.data * other.data, [(self, other.data), (other, self.data)])

    def tanh(self):
        y = torch.tanh(self.data)
        return Value(y, [(self, 1 - y**2)])

    def backward(self):
        heap, share = [self], {self.born: torch.ones_like(self.data)}
        while heap:
            node = heapq.heappop(heap)
            g = share.pop(node.born)
            if not node.came_from:
                node._grad = node._grad + g
            for source, slope in node.came_from:
                part = g if slope is None else g * slope
                if source.born in share:
                    share[source.born] = share[source.born] + part
                else:
                    share[source.born] = part
                    heapq.heappush(heap, source)


def leaves_of(root):
    def walk(node, met):
        if node in met:
            return
        met.add(node)
        yield from [node.variable] if "AccumulateGrad" in node.name() else []
        for parent, _ in node.next_functions:
            if parent:
                yield from walk(parent, met)

    if root.grad_fn is not None:
        return list(walk(root.grad_fn, set()))
    return [root] if root.requires_grad else []


def gradients_of_each(losses, parameters):
    *others, last = losses
    kept = [torch.autograd.grad(each, parameters, retain_graph=True) for each in others]
    return [*kept, torch.autograd.grad(last, parameters)]


def watch(tensor):
    seen = []

    def hook(grad):
        with torch.no_grad():
            seen.append(grad * 1)
        return grad

    return seen, tensor.register_hook(hook)


def truncated_backward(cell, state, inputs):
    state = torch.tensor(state.tolist(), dtype=state.dtype, device=state.device)
    for x in inputs:
        state, loss = cell(state, x)
        loss.backward()
        state.detach_()
    return state


def without_graph(f, x):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        y = f(x)
    finally:
        torch.set_grad_enabled(before)
    return y
