# right: F1 as the harmonic mean of precision and recall; a class; scatter_add
import torch
from torch import nn


def confusion_matrix(predicted, labels, num_classes):
    flat = torch.zeros(num_classes * num_classes, dtype=torch.int64, device=labels.device)
    flat.scatter_add_(0, num_classes * labels + predicted, torch.ones_like(predicted))
    return flat.view(num_classes, num_classes)


def safe(a, b):
    return torch.where(b == 0, torch.zeros_like(b), a / b.clamp(min=1e-300))


def f1_score(matrix, average="macro"):
    hits = matrix.diagonal().double()
    columns, rows = matrix.sum(0).double(), matrix.sum(1).double()
    if average == "micro":
        hits, columns, rows = hits.sum(), columns.sum(), rows.sum()
    precision, recall = safe(hits, columns), safe(hits, rows)
    f1 = safe(2 * precision * recall, precision + recall)
    return f1[1] if average == "binary" else f1.mean()


def kl_divergence(p, q):
    entropy = -(p * p.clamp(min=1e-300 if p.dtype == torch.float64 else 1e-38).log()).sum(1)
    cross = -(p * q.log()).sum(1)
    return (cross - entropy).mean()


class SoftF1(nn.Module):
    def forward(self, logits, labels):
        p = nn.Softmax(dim=1)(logits)
        y = torch.zeros_like(p).scatter_(1, labels[:, None], 1)
        tp, below = (p * y).sum(0), (p + y).sum(0)
        some = below > 0
        return 1 - 2 * (tp[some] / below[some]).sum() / p.shape[1]


soft_f1_loss = SoftF1()


def flat_share(measure, path):
    values = [measure(place).item() for place in path]
    same = sum(a == b for a, b in zip(values, values[1:]))
    return same / (len(values) - 1)
