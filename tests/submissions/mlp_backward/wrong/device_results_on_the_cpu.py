# wrong: the gradients come back on the CPU
# fails: other_devices
# cause: device
import torch


def forward(x, w1, b1, w2, b2):
    a1 = torch.matmul(x, w1) + b1
    h1 = torch.clamp(a1, min=0)
    logits = torch.matmul(h1, w2) + b2
    cache = {"x": x, "a1": a1, "h1": h1, "w1": w1, "b1": b1, "w2": w2, "b2": b2}
    return logits, cache


def softmax(z):
    e = torch.exp(z - z.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)


def cross_entropy(logits, labels):
    shifted = logits - logits.max(dim=1, keepdim=True).values
    log_sum = torch.log(torch.exp(shifted).sum(dim=1))
    picked = shifted.gather(1, labels.unsqueeze(1)).squeeze(1)
    return (log_sum - picked).mean()


def backward(cache, logits, labels):
    n = logits.shape[0]
    onehot = torch.zeros_like(logits).scatter_(1, labels.unsqueeze(1), 1.0)
    dz2 = (softmax(logits) - onehot) / n
    grads = {}
    grads["w2"] = cache["h1"].T @ dz2
    grads["b2"] = dz2.sum(0)
    dh1 = dz2 @ cache["w2"].T
    dz1 = dh1.clone()
    dz1[cache["a1"] <= 0] = 0
    grads["w1"] = cache["x"].T @ dz1
    grads["b1"] = dz1.sum(0)
    return {name: grad.cpu() for name, grad in grads.items()}
