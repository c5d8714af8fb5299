# wrong: goes each way from the root by itself, which is right and comes to no end
# fails: value_shared
# cause: none
import torch


class Value:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = torch.zeros_like(data)
        self.made_of = made_of

    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1), (other, 1)))

    def __mul__(self, other):
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def tanh(self):
        t = torch.tanh(self.data)
        return Value(t, ((self, 1 - t * t),))

    def backward(self, grad=None):
        if grad is None:
            grad = torch.ones_like(self.data)
        if not self.made_of:
            self.grad = self.grad + grad
        for source, slope in self.made_of:
            source.backward(grad * slope)


def leaves_of(root):
    if not root.requires_grad:
        return []
    if root.grad_fn is None:
        return [root]
    leaves, seen = [], set()

    def walk(node):
        if node is None or node in seen:
            return
        seen.add(node)
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        for parent, _ in node.next_functions:
            walk(parent)

    walk(root.grad_fn)
    return leaves


def gradients_of_each(losses, parameters):
    result = []
    for i, loss in enumerate(losses):
        last = i == len(losses) - 1
        result.append(list(torch.autograd.grad(loss, parameters, retain_graph=not last)))
    return result


def watch(tensor):
    seen = []
    handle = tensor.register_hook(lambda grad: seen.append(grad.detach().clone()))
    return seen, handle


def truncated_backward(cell, state, inputs):
    state = state.detach()
    for x in inputs:
        state, loss = cell(state, x)
        loss.backward()
        state = state.detach()
    return state


def without_graph(f, x):
    with torch.no_grad():
        return f(x)
