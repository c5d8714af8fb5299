# right: `p.data = …` instead of an update under no_grad; the state lies beside each parameter in a list
import torch


class MySGD:
    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        self.slots = [[p, None] for p in params]
        self.lr, self.momentum, self.weight_decay, self.nesterov = lr, momentum, weight_decay, nesterov

    def step(self):
        for slot in self.slots:
            p, v = slot
            if p.grad is None:
                continue
            g = p.grad + self.weight_decay * p.data
            if self.momentum:
                v = g.clone() if v is None else self.momentum * v + g
                slot[1] = v
                g = g + self.momentum * v if self.nesterov else v
            p.data = p.data - self.lr * g

    def zero_grad(self):
        for p, _ in self.slots:
            if p.grad is not None:
                p.grad.zero_()


class MyAdam:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        self.slots = [[p, 0, 0.0, 0.0] for p in params]
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay

    def step(self):
        b1, b2 = self.betas
        for slot in self.slots:
            p, t, m, s = slot
            if p.grad is None:
                continue
            g = p.grad + self.weight_decay * p.data
            t, m, s = t + 1, b1 * m + (1 - b1) * g, b2 * s + (1 - b2) * g * g
            slot[1:] = t, m, s
            p.data = p.data - self.lr * (m / (1 - b1**t)) / ((s / (1 - b2**t)).sqrt() + self.eps)

    def zero_grad(self):
        for slot in self.slots:
            slot[0].grad = None
