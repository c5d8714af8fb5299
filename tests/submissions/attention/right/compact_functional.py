# right: plain functions and a loop over the queries; nothing but matmul, softmax and indexing
import torch
import torch.nn as nn
import torch.nn.functional as F

INF = float("inf")


def attention(q, k, v, mask=None):
    n, m = q.shape[-2], k.shape[-2]
    rows = []
    for i in range(n):
        s = (k * q[..., i : i + 1, :]).sum(-1) / q.shape[-1] ** 0.5
        if mask is None:
            w = F.softmax(s, dim=-1)
        else:
            m_i = torch.broadcast_to(mask, (*s.shape[:-1], n, m))[..., i, :]
            w = F.softmax(s.masked_fill(m_i.logical_not(), -INF), dim=-1)
            w = torch.where(m_i, w, torch.zeros_like(w))
        rows.append((w[..., None] * v).sum(-2))
    return torch.stack(rows, dim=-2)


def causal_mask(n, device=None):
    return torch.tensor([[j <= i for j in range(n)] for i in range(n)], device=device)


def padding_mask(lengths, size):
    return (torch.arange(size, device=lengths.device)[None, None] - lengths[:, None, None]) < 0


def split_heads(x, heads):
    b, n, _ = x.shape
    return x.reshape(b, n, heads, -1).transpose(2, 1)


def merge_heads(x):
    b, _, n, _ = x.shape
    return x.transpose(2, 1).reshape(b, n, -1)


class MultiHead(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.query, self.key = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.value, self.out = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.h = heads

    def forward(self, x, mask=None):
        q, k, v = self.query(x), self.key(x), self.value(x)
        parts = zip(q.chunk(self.h, -1), k.chunk(self.h, -1), v.chunk(self.h, -1))
        return self.out(torch.cat([attention(*part, mask) for part in parts], -1))


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads, hidden, dropout=0.1):
        super().__init__()
        self.attention = MultiHead(dim, heads)
        self.norm1 = nn.LayerNorm(dim, eps=1e-5)
        self.norm2 = nn.LayerNorm(dim, eps=1e-5)
        self.linear1 = nn.Linear(dim, hidden)
        self.linear2 = nn.Linear(hidden, dim)
        self.rate = dropout

    def forward(self, x, mask=None):
        def drop(y):
            return F.dropout(y, p=self.rate, training=self.training)

        x = x + drop(self.attention(self.norm1(x), mask))
        return x + drop(self.linear2(F.relu(self.linear1(self.norm2(x)))))
