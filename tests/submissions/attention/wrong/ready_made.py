# wrong: torch's own function
# fails: attention, attention_masked, attention_of_nothing, multi_head, encoder_block, encoder_dropout
# cause: none
import torch
from torch import nn


def attention(q, k, v, mask=None):
    return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    p = torch.softmax(scores, dim=-1)
    if mask is not None:
        p = p.masked_fill(~mask, 0)
    return p @ v


def causal_mask(n, device=None):
    return torch.ones(n, n, device=device).tril().bool()


def padding_mask(lengths, size):
    return torch.arange(size, device=lengths.device) < lengths[:, None, None]


def split_heads(x, heads):
    b, n, dim = x.shape
    return x.reshape(b, n, heads, dim // heads).transpose(1, 2)


def merge_heads(x):
    b, h, n, d = x.shape
    return x.transpose(1, 2).reshape(b, n, h * d)


class MultiHead(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        q = split_heads(self.query(x), self.heads)
        k = split_heads(self.key(x), self.heads)
        v = split_heads(self.value(x), self.heads)
        if mask is not None:
            mask = mask.unsqueeze(-3)
        return self.out(merge_heads(attention(q, k, v, mask)))


class EncoderBlock(nn.Module):
    def __init__(self, dim, heads, hidden, dropout=0.1):
        super().__init__()
        self.attention = MultiHead(dim, heads)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, hidden)
        self.linear2 = nn.Linear(hidden, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        x = x + self.dropout(self.attention(self.norm1(x), mask))
        y = self.linear2(torch.relu(self.linear1(self.norm2(x))))
        return x + self.dropout(y)
