# right: counts its steps in 0-dim tensors of the CPU, as torch does
from collections import defaultdict

import torch


def clear(tensors):
    for tensor in tensors:
        tensor.grad = None


class MySGD:
    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        self.tensors = tuple(params)
        self.options = (lr, momentum, weight_decay, nesterov)
        self.velocity_of = {}

    def step(self):
        lr, momentum, decay, ahead = self.options
        for place, tensor in enumerate(self.tensors):
            if tensor.grad is not None:
                direction = tensor.grad.add(tensor.detach(), alpha=decay)
                if momentum != 0:
                    old = self.velocity_of.get(place)
                    new = direction if old is None else old.mul(momentum).add(direction)
                    self.velocity_of[place] = new
                    direction = direction.add(new, alpha=momentum) if ahead else new
                with torch.no_grad():
                    tensor.sub_(direction, alpha=lr)

    def zero_grad(self):
        clear(self.tensors)


class MyAdam:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        self.tensors = tuple(params)
        self.lr, self.eps, self.decay = lr, eps, weight_decay
        self.slow, self.fast = betas
        self.means, self.squares = {}, {}
        self.count = defaultdict(lambda: torch.zeros((), dtype=torch.float64))

    def step(self):
        for place, tensor in enumerate(self.tensors):
            if tensor.grad is not None:
                self.one(place, tensor, tensor.grad.add(tensor.detach(), alpha=self.decay))

    def one(self, place, tensor, direction):
        nothing = torch.zeros_like(direction)
        self.count[place] += 1
        mean = torch.lerp(direction, self.means.get(place, nothing), self.slow)
        square = torch.lerp(direction.square(), self.squares.get(place, nothing), self.fast)
        self.means[place], self.squares[place] = mean, square
        unbiased = mean / (1 - self.slow ** self.count[place])
        root = (square / (1 - self.fast ** self.count[place])).sqrt()
        with torch.no_grad():
            tensor.sub_(unbiased / (root + self.eps), alpha=self.lr)

    def zero_grad(self):
        clear(self.tensors)
