# right: each node waits until all that use it have given their share; .grad is put back after backward
from collections import Counter, deque

import torch
from torch.autograd import grad


class Value(object):
    def __init__(self, data, inputs=None, slopes=None):
        self.data, self.inputs, self.slopes = data, inputs or [], slopes or []
        self.grad = 0 * data.detach()

    def __add__(self, other):
        return Value(self.data + other.data, [self, other], [lambda g: g, lambda g: g])

    def __mul__(self, other):
        a, b = self.data, other.data
        return Value(a * b, [self, other], [lambda g: g * b, lambda g: a * g])

    def tanh(self):
        y = self.data.tanh()
        return Value(y, [self], [lambda g: g - g * y.square()])

    def backward(self):
        uses, stack, met = Counter(), [self], {self}
        while stack:
            for source in stack.pop().inputs:
                uses[source] += 1
                if source not in met:
                    met.add(source)
                    stack.append(source)
        grads = {self: torch.ones_like(self.data)}
        ready = deque([self])
        while ready:
            node = ready.popleft()
            g = grads.pop(node)
            if not node.inputs:
                node.grad = node.grad + g
            for source, slope in zip(node.inputs, node.slopes):
                grads[source] = grads[source] + slope(g) if source in grads else slope(g)
                uses[source] -= 1
                if uses[source] == 0:
                    ready.append(source)


def leaves_of(root):
    found = {}
    if root.is_leaf:
        return [root] * root.requires_grad
    queue = deque([root.grad_fn])
    met = {root.grad_fn}
    while queue:
        node = queue.popleft()
        if type(node).__name__ == "AccumulateGrad":
            found[id(node.variable)] = node.variable
        for nxt in node.next_functions:
            if nxt[0] is not None and nxt[0] not in met:
                met.add(nxt[0])
                queue.append(nxt[0])
    return list(found.values())


def gradients_of_each(losses, parameters):
    before = [p.grad for p in parameters]
    result = []
    try:
        for loss in losses:
            for p in parameters:
                p.grad = None
            loss.backward(retain_graph=loss is not losses[-1], inputs=list(parameters))
            result.append([p.grad.detach() for p in parameters])
    finally:
        for p, old in zip(parameters, before):
            p.grad = old
    return result


class Seen(list):
    def __call__(self, gradient):
        self.append(gradient.clone().detach())


def watch(tensor):
    seen = Seen()
    return [seen, tensor.register_hook(seen)]


def truncated_backward(cell, state, inputs):
    """The gradients by autograd.grad, added by hand to the leaves that the loss has."""
    for x in inputs:
        state, loss = cell(state.detach(), x)
        leaves = leaves_of(loss)
        for leaf, new in zip(leaves, grad(loss, leaves)):
            leaf.grad = new if leaf.grad is None else leaf.grad + new
    return state.detach()


def without_graph(f, x):
    return torch.no_grad()(f)(x)
