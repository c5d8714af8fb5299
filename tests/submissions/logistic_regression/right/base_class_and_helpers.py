# right: a base class of the student's own, gradients worked out by a helper, grads rebound to a new dict
import torch
import torch.nn as nn
import torch.nn.functional as F


class GradientModel(nn.Module):
    """Keeps parameters as plain attributes and takes steps."""

    names = ("w", "b")

    def optimize(self):
        for name in self.names:
            value = getattr(self, name)
            value -= (self.lr * self.grads["d" + name]).to(value.dtype)


def mean_gradients(x, error):
    """Rows of ones below x give the bias its gradient."""
    extended = torch.cat([x, torch.ones_like(x[:1])])
    both = extended @ error.T / error.shape[-1]
    return both[:-1], both[-1, 0]


class LR(GradientModel):
    def __init__(self, dim, lr=0.01, device=None, dtype=None):
        super().__init__()
        both = torch.zeros(dim + 1, 1, device=device, dtype=dtype)
        self.w, self.b = both[:-1].clone(), both[-1, 0].clone()
        self.lr = lr
        self.grads = dict(zip(("dw", "db"), (both[:-1].clone(), both[-1, 0].clone())))

    def sigmoid(self, z):
        return F.logsigmoid(z).exp()

    def forward(self, x):
        return self.sigmoid((self.w * x).sum(0, keepdim=True) + self.b)

    def backward(self, x, yhat, y):
        dw, db = mean_gradients(x, yhat - y)
        self.grads = {"dw": dw, "db": db}
        return self.grads


def loss(yhat, y):
    return -(torch.xlogy(y, yhat).clamp(min=-100) + torch.special.xlog1py(1 - y, -yhat).clamp(min=-100)).mean()


if __name__ == "__main__":
    model = LR(2, lr=1.0)
    x = torch.randn(2, 100)
    y = (x[:1] > 0).float()
    for _ in range(100):
        yhat = model(x)
        model.backward(x, yhat, y)
        model.optimize()
    print(loss(model(x), y))
