# right: a softmax of its own whose sum may be 0, parameters of its own, layer norm and dropout by hand
import math

import torch
from torch import nn


def attention(q, k, v, mask=None):
    s = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is None:
        e = torch.exp(s - s.max(dim=-1, keepdim=True).values)
        return (e / e.sum(-1, keepdim=True)) @ v
    low = s.masked_fill(~mask, torch.finfo(s.dtype).min)
    e = torch.exp(low - low.max(dim=-1, keepdim=True).values) * mask
    return (e @ v) / e.sum(-1, keepdim=True).clamp(min=0.5)


def causal_mask(n, device=None):
    mask = torch.zeros((n, n), dtype=torch.bool, device=device)
    for i in range(n):
        mask[i, : i + 1] = True
    return mask


def padding_mask(lengths, size):
    rows = [torch.arange(size) < length for length in lengths.tolist()]
    return torch.stack(rows)[:, None].to(lengths.device)


def split_heads(x, heads):
    return torch.stack(x.chunk(heads, dim=-1), dim=1)


def merge_heads(x):
    return torch.cat(x.unbind(1), dim=-1)


class Affine(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / math.sqrt(n_in))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.weight.T + self.bias


class Norm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        low = x - x.mean(-1, keepdim=True)
        return low / torch.sqrt(low.square().mean(-1, keepdim=True) + 1e-5) * self.weight + self.bias


class MultiHead(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.dim, self.heads = dim, heads
        self.query, self.key, self.value, self.out = (Affine(dim, dim) for _ in range(4))

    def forward(self, x, mask=None):
        q, k, v = self.query(x), self.key(x), self.value(x)
        d = self.dim // self.heads
        found = []
        for h in range(self.heads):
            of_head = slice(h * d, (h + 1) * d)
            found.append(attention(q[..., of_head], k[..., of_head], v[..., of_head], mask))
        return self.out(torch.cat(found, dim=-1))


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads, hidden, dropout=0.1):
        super().__init__()
        self.attention = MultiHead(dim, heads)
        self.norm1 = Norm(dim)
        self.norm2 = Norm(dim)
        self.linear1 = Affine(dim, hidden)
        self.linear2 = Affine(hidden, dim)
        self.dropout = dropout

    def drop(self, x):
        if not self.training or self.dropout == 0:
            return x
        kept = torch.rand_like(x) >= self.dropout
        return torch.where(kept, x / (1 - self.dropout), 0) if self.dropout < 1 else 0 * x

    def forward(self, x, mask=None):
        x = x + self.drop(self.attention(self.norm1(x), mask))
        return x + self.drop(self.linear2(self.linear1(self.norm2(x)).clamp(min=0)))
