# right: heads are folded into the batch for bmm; rows without anything to look at are set afterwards by where
import torch
from torch import nn


def attention(q, k, v, mask=None):
    lead = q.shape[:-2]
    n, m = q.shape[-2], k.shape[-2]
    flat = [t.reshape(-1, *t.shape[-2:]) for t in (q, k, v)]
    scores = torch.bmm(flat[0], flat[1].transpose(1, 2)) * (1.0 / q.shape[-1] ** 0.5)
    if mask is None:
        mask = torch.ones((n, m), dtype=torch.bool, device=q.device)
    mask = mask.expand(*lead, n, m).reshape(-1, n, m)
    sees = mask.any(-1, keepdim=True)
    # a row that sees nothing sees all first, and is set to 0 in the end
    scores = scores.masked_fill(~(mask | ~sees), float("-inf"))
    y = torch.bmm(scores.softmax(-1), flat[2])
    y = torch.where(sees, y, torch.zeros_like(y))
    return y.reshape(*lead, n, v.shape[-1])


def causal_mask(n, device=None):
    return torch.tril(torch.full((n, n), True, device=device))


def padding_mask(lengths, size):
    mask = torch.zeros(len(lengths), 1, size, dtype=torch.bool, device=lengths.device)
    for row, length in zip(mask, lengths):
        row[:, :length] = True
    return mask


def split_heads(x, heads):
    b, n, dim = x.shape
    out = x.new_empty(b, heads, n, dim // heads)
    for h in range(heads):
        out[:, h] = x[:, :, h * (dim // heads) : (h + 1) * (dim // heads)]
    return out


def merge_heads(x):
    return x.movedim(1, 2).reshape(x.shape[0], x.shape[2], -1)


class MultiHead(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.n_heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        parts = [split_heads(f(x), self.n_heads) for f in (self.query, self.key, self.value)]
        if mask is not None:
            mask = mask if mask.ndim == 2 else mask.unsqueeze(1)
        y = attention(*parts, mask)
        return self.out(merge_heads(y))


class Residual(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x, y):
        if self.training and self.p > 0:
            keep = torch.bernoulli(torch.full(y.shape, 1 - self.p, device=y.device, dtype=y.dtype))
            y = y * keep if self.p == 1 else y * keep / (1 - self.p)
        return x + y


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads, hidden, dropout=0.1):
        super().__init__()
        self.attention = MultiHead(dim, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, hidden)
        self.linear2 = nn.Linear(hidden, dim)
        self.add = Residual(dropout)

    def forward(self, x, mask=None):
        z = self.add(x, self.attention(self.norm1(x), mask))
        return self.add(z, self.linear2(self.linear1(self.norm2(z)).relu()))
