# right: queries, keys and values in one product; a minus infinity that is cut to the lowest number, then times the mask
import torch
import torch.nn as nn
import torch.nn.functional as F


def attention(q, k, v, mask=None):
    scores = torch.matmul(q, k.transpose(-1, -2)) / (k.shape[-1] ** 0.5)
    if mask is not None:
        scores = scores.masked_fill(mask == False, -1e9)
    p = scores.softmax(dim=-1)
    if mask is not None:
        p = p * mask.any(dim=-1, keepdim=True)
    return p @ v


def causal_mask(n, device=None):
    return ~torch.triu(torch.ones(n, n, device=device), diagonal=1).bool()


def padding_mask(lengths, size):
    columns = torch.arange(size, device=lengths.device).unsqueeze(0)
    return (columns < lengths.unsqueeze(1)).unsqueeze(1)


def split_heads(x, heads):
    return x.unflatten(2, (heads, x.shape[2] // heads)).transpose(1, 2).contiguous()


def merge_heads(x):
    return x.transpose(1, 2).contiguous().view(x.shape[0], x.shape[2], -1)


class MultiHead(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        assert dim % heads == 0
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def forward(self, x, mask=None):
        layers = (self.query, self.key, self.value)
        weight = torch.cat([layer.weight for layer in layers])
        bias = torch.cat([layer.bias for layer in layers])
        q, k, v = (split_heads(part, self.heads) for part in F.linear(x, weight, bias).chunk(3, dim=-1))
        if mask is not None:
            mask = mask.expand(x.shape[0], x.shape[1], x.shape[1]).repeat_interleave(self.heads, dim=0)
            mask = mask.view(q.shape[0], self.heads, *mask.shape[1:])
        return self.out(merge_heads(attention(q, k, v, mask)))


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads, hidden, dropout=0.1):
        super().__init__()
        self.attention = MultiHead(dim, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, hidden)
        self.linear2 = nn.Linear(hidden, dim)
        self.drop1 = nn.Dropout(dropout)
        self.drop2 = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        attended = self.attention(self.norm1(x), mask=mask)
        x = x + self.drop1(attended)
        inner = nn.ReLU()(self.linear1(self.norm2(x)))
        return x + self.drop2(self.linear2(inner))
