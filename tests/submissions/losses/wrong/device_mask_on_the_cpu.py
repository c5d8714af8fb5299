# wrong: torch.where with a mask and zeros made on the CPU
# fails: other_devices
# cause: none
import torch
import torch.nn as nn


def mse_loss(y_pred, y):
    """Mean squared error."""
    return torch.square(y - y_pred).mean()


def log_clamped(q):
    safe = torch.where(q > 0, q, torch.ones_like(q))
    return torch.where(q > 0, torch.log(safe), torch.full_like(q, -100.0)).clamp(min=-100.0)


def binary_cross_entropy(p, y):
    return -(y * log_clamped(p) + (1 - y) * log_clamped(1 - p)).mean()


def bce_with_logits(z, y):
    positive = torch.tensor((z >= 0).tolist())
    e = torch.exp(torch.where(positive, -z, z))
    softplus = torch.where(positive, z, torch.zeros_like(z)) + torch.log1p(e)
    return (softplus - z * y).mean()


def cross_entropy(logits, labels):
    if logits.dim() == 2:
        logits, labels = logits[..., None], labels[..., None]
    losses = []
    for scores, wanted in zip(logits, labels):
        for column in range(scores.shape[1]):
            one = scores[:, column]
            losses.append(torch.logsumexp(one, 0) - one[wanted[column]])
    return torch.stack(losses).mean()


def accuracy(logits, labels):
    best = logits.sort(dim=1, descending=True).indices[:, 0]
    return torch.where(best == labels, 1.0, 0.0).mean()


if __name__ == "__main__":
    z, y = torch.randn(5), torch.rand(5)
    print(bce_with_logits(z, y), nn.BCEWithLogitsLoss()(z, y))
    print(mse_loss(z, y), nn.functional.mse_loss(z, y))
