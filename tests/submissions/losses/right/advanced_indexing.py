# right: picks the logits by advanced indexing; xlogy where it is safe; half precision accuracy; star imports
import torch
from torch.nn.functional import *

reduce = torch.mean


def mse_loss(y_pred, y):
    return reduce(pow(y_pred - y, 2))


def binary_cross_entropy(p, y):
    clip = lambda t: torch.clip(t, -100, None)
    losses = torch.add(y * clip(p.log()), (1 - y) * clip((1 - p).log()))
    return -reduce(losses)


def bce_with_logits(z, y):
    return reduce(-(y * logsigmoid(z)) - (1 - y) * (logsigmoid(z) - z))


def cross_entropy(logits, labels):
    n, c = logits.shape[:2]
    if logits.ndim == 3:
        d = logits.size(2)
        rows = torch.arange(n, device=logits.device).view(n, 1).expand(n, d)
        columns = torch.arange(d, device=logits.device).expand(n, d)
        picked = log_softmax(logits, dim=1)[rows, labels, columns]
    else:
        picked = log_softmax(logits, dim=1)[range(n), labels]
    return -reduce(picked)


def accuracy(logits, labels):
    hits = logits.max(dim=1)[1] == labels
    return hits.to(torch.bfloat16).sum() / len(hits)
