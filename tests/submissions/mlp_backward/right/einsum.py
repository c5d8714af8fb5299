# right: einsum everywhere; the cache is the arguments, and backward computes the hidden layer again
import torch
from torch import einsum


def hidden_layer(x, w1, b1):
    return einsum("nd,dk->nk", x, w1) + b1


def forward(x, w1, b1, w2, b2):
    before = hidden_layer(x, w1, b1)
    logits = einsum("nk,kc->nc", before.relu(), w2) + b2
    return logits, (x, w1, b1, w2, b2)


def cross_entropy(logits, labels):
    log_p = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    return -log_p[torch.arange(logits.shape[0], device=logits.device), labels].sum() / logits.shape[0]


def backward(cache, logits, labels):
    x, w1, b1, w2, b2 = cache
    before = hidden_layer(x, w1, b1)
    classes = torch.arange(logits.shape[1], device=logits.device)
    wanted = (labels[:, None] == classes[None, :]).to(logits.dtype)
    error = (torch.softmax(logits, 1) - wanted) / len(labels)
    passed = einsum("nc,kc->nk", error, w2) * torch.heaviside(before, torch.zeros_like(before[:1]))
    return dict(
        w1=einsum("nd,nk->dk", x, passed),
        b1=einsum("nk->k", passed),
        w2=einsum("nk,nc->kc", torch.relu(before), error),
        b2=einsum("nc->c", error),
    )
