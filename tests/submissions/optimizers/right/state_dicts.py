# right: a dict of state by parameter, addcmul and addcdiv
import math

import torch


class Base:
    def __init__(self, params):
        self.params = [p for p in params]
        self.state = {p: {} for p in self.params}

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()


class MySGD(Base):
    def __init__(self, params, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params)
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov

    def step(self):
        with torch.no_grad():
            for p in self.params:
                if p.grad is None:
                    continue
                d = p.grad.clone()
                if self.weight_decay != 0:
                    d.add_(p, alpha=self.weight_decay)
                if self.momentum != 0:
                    buf = self.state[p].get("buf")
                    if buf is None:
                        buf = self.state[p]["buf"] = d.clone()
                    else:
                        buf.mul_(self.momentum).add_(d)
                    d = d.add(buf, alpha=self.momentum) if self.nesterov else buf
                p.add_(d, alpha=-self.lr)


class MyAdam(Base):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params)
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay

    def step(self):
        beta1, beta2 = self.betas
        with torch.no_grad():
            for p in self.params:
                if p.grad is None:
                    continue
                s = self.state[p]
                if not s:
                    s.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                g = p.grad.add(p, alpha=self.weight_decay)
                s["t"] += 1
                s["m"].lerp_(g, 1 - beta1)
                s["v"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
                c1 = 1 - beta1 ** s["t"]
                c2 = math.sqrt(1 - beta2 ** s["t"])
                p.addcdiv_(s["m"], s["v"].sqrt().div_(c2).add_(self.eps), value=-self.lr / c1)
