# wrong: the state that is given is not detached
# fails: truncated_backward
# cause: not-detached
import torch


class Value:
    def __init__(self, data, parents=()):
        self.data = data
        self.grad = torch.zeros_like(data)
        self.parents = parents
        self.push = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))

        def push():
            self.grad = self.grad + out.grad
            other.grad = other.grad + out.grad

        out.push = push
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def push():
            self.grad = self.grad + other.data * out.grad
            other.grad = other.grad + self.data * out.grad

        out.push = push
        return out

    def tanh(self):
        t = torch.tanh(self.data)
        out = Value(t, (self,))

        def push():
            self.grad = self.grad + (1 - t * t) * out.grad

        out.push = push
        return out

    def backward(self):
        order, seen = [], set()

        def build(node):
            if node in seen:
                return
            seen.add(node)
            for parent in node.parents:
                build(parent)
            order.append(node)

        build(self)
        for node in order:
            if node.parents:
                node.grad = torch.zeros_like(node.data)
        self.grad = self.grad + torch.ones_like(self.data)
        for node in reversed(order):
            node.push()


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
    for x in inputs:
        state, loss = cell(state, x)
        loss.backward()
        state = state.detach()
    return state


def without_graph(f, x):
    with torch.no_grad():
        return f(x)
