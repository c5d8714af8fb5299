# wrong: Value lets autograd do the work
# fails: value_backward, value_shared, value_again
# cause: none
import torch


class Value:
    def __init__(self, data, hidden=None):
        self.hidden = data.detach().clone().requires_grad_() if hidden is None else hidden
        self.start = torch.zeros_like(data)

    @property
    def data(self):
        return self.hidden.detach()

    @property
    def grad(self):
        return self.start if self.hidden.grad is None else self.hidden.grad

    def __add__(self, other):
        return Value(self.data, self.hidden + other.hidden)

    def __mul__(self, other):
        return Value(self.data, self.hidden * other.hidden)

    def tanh(self):
        return Value(self.data, self.hidden.tanh())

    def backward(self):
        self.hidden.sum().backward(retain_graph=True)


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
