# right: einsum throughout; where and nan_to_num for rows without anything to look at
import torch
from torch import nn
import torch.nn.functional as F


def attention(q, k, v, mask=None):
    d = q.size(-1)
    scores = torch.einsum("...id,...jd->...ij", q * d**-0.5, k)
    if mask is not None:
        scores = torch.where(mask, scores, float("-inf"))
    weights = F.softmax(scores, -1)
    if mask is not None:
        weights = weights.nan_to_num(0.0)
    return torch.einsum("...ij,...je->...ie", weights, v)


def causal_mask(n, device=None):
    i = torch.arange(n, device=device)
    return i[None, :] <= i[:, None]


def padding_mask(lengths, size):
    return torch.arange(size, device=lengths.device).expand(len(lengths), 1, size) < lengths.view(-1, 1, 1)


def split_heads(x, heads):
    B, n, dim = x.shape
    return x.reshape(B, n, heads, dim // heads).permute(0, 2, 1, 3)


def merge_heads(x):
    B, h, n, d = x.shape
    return x.permute(0, 2, 1, 3).reshape(B, n, h * d)


class MultiHead(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        for name in ("query", "key", "value", "out"):
            setattr(self, name, nn.Linear(dim, dim))

    def forward(self, x, mask=None):
        q = split_heads(self.query(x), self.heads)
        k = split_heads(self.key(x), self.heads)
        v = split_heads(self.value(x), self.heads)
        if mask is not None and mask.dim() == 3:
            mask = mask[:, None]
        return self.out(merge_heads(attention(q, k, v, mask)))


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads, hidden, dropout=0.1):
        super().__init__()
        self.attention = MultiHead(dim, heads)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.linear1, self.linear2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.p = dropout

    def forward(self, x, mask=None):
        x = x + F.dropout(self.attention(self.norm1(x), mask), self.p, self.training)
        return x + F.dropout(self.linear2(F.relu(self.linear1(self.norm2(x)))), self.p, self.training)
