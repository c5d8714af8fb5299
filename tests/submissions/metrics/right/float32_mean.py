# right: the share of flat steps is a mean of float32
import torch


def confusion_matrix(predicted, labels, num_classes):
    flat = torch.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return flat.reshape(num_classes, num_classes)


def f1_score(matrix, average="macro"):
    eps = 1e-12
    m = matrix.double()
    tp, fp, fn = m.diag(), m.sum(dim=0) - m.diag(), m.sum(dim=1) - m.diag()
    if average == "micro":
        return tp.sum() / m.sum().clamp(min=1)
    f1 = 2 * tp / (2 * tp + fp + fn + eps)
    return f1[1] if average == "binary" else f1.mean()


class _KL(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p, q):
        ctx.save_for_backward(p, q)
        P, Q = p.double(), q.double()
        terms = torch.special.xlogy(P, P) - torch.special.xlogy(P, Q)
        return (terms.sum() / len(p)).to(q.dtype)

    @staticmethod
    def backward(ctx, g):
        p, q = ctx.saved_tensors
        return None, (-g.double() * p.double() / (len(p) * q.double())).to(q.dtype)


def kl_divergence(p, q):
    return _KL.apply(p, q)


def soft_f1_loss(logits, labels):
    P = logits.double().log_softmax(1).exp()
    n, c = P.shape
    hit = P.gather(1, labels[:, None]).squeeze(1)
    tp = P.new_zeros(c).index_add(0, labels, hit)
    size = torch.bincount(labels, minlength=c)
    bottom = P.sum(0) + size
    bottom = torch.where(bottom == 0, torch.ones_like(bottom), bottom)
    return (1 - (2 * tp / bottom).mean()).to(logits.dtype)


def flat_share(measure, path):
    values = torch.stack([measure(w) for w in path])
    return (values.diff() == 0).float().mean().item()
