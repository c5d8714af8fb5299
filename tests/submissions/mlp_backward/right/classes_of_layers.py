# right: a class for each layer with its own forward and backward; the cache is the list of layers
import torch


class Affine:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, x):
        self.x = x
        return torch.addmm(self.bias, x, self.weight)

    def backward(self, grad, into):
        self.dweight = self.x.t() @ grad
        self.dbias = grad.sum(dim=0)
        return grad @ self.weight.t() if into else None


class Relu:
    def forward(self, x):
        self.mask = x.gt(0)
        return x * self.mask

    def backward(self, grad, into):
        return grad * self.mask


def forward(x, w1, b1, w2, b2):
    layers = [Affine(w1, b1), Relu(), Affine(w2, b2)]
    for layer in layers:
        x = layer.forward(x)
    return x, layers


def cross_entropy(logits, labels):
    return torch.nn.functional.nll_loss(logits.log_softmax(dim=1), labels)


def backward(cache, logits, labels):
    grad = logits.log_softmax(dim=1).exp() - torch.eye(
        logits.shape[1], dtype=logits.dtype, device=logits.device
    )[labels]
    grad = grad.div(labels.shape[0])
    for number, layer in reversed(list(enumerate(cache))):
        grad = layer.backward(grad, number > 0)
    first, _, second = cache
    return {"w1": first.dweight, "b1": first.dbias, "w2": second.dweight, "b2": second.dbias}
