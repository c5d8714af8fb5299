# right: 두 칸 들여쓰기, 한 함수가 여러 일을 맡고 마스크는 음의 무한대를 더합니다 (줄마다 자기 자신을 먼저 살핍니다)
from math import sqrt, inf
from torch import Tensor
import torch, torch.nn as nn


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
  점수 = (q / sqrt(q.size(-1))) @ k.swapaxes(-1, -2)
  if mask is None:
    return torch.softmax(점수, -1) @ v
  빈줄 = ~mask.any(-1, keepdim=True)
  더할것 = torch.zeros(mask.shape, dtype=점수.dtype, device=점수.device)
  더할것[~(mask | 빈줄)] = -inf
  return (torch.softmax(점수 + 더할것, -1) * ~빈줄) @ v


def causal_mask(n, device=None):
  return torch.ones(n, n, device=device).cumsum(0) >= torch.ones(n, n, device=device).cumsum(1)


def padding_mask(lengths, size):
  자리 = torch.arange(1, size + 1, device=lengths.device)
  return torch.ge(lengths.reshape(-1, 1, 1), 자리)


def split_heads(x, heads):
  return x.unflatten(-1, (heads, -1)).movedim(-2, -3)


def merge_heads(x):
  return x.movedim(-3, -2).flatten(-2)


class MultiHead(nn.Module):
  def __init__(self, dim, heads):
    super(MultiHead, self).__init__()
    self.register_module("query", nn.Linear(dim, dim))
    self.register_module("key", nn.Linear(dim, dim))
    self.register_module("value", nn.Linear(dim, dim))
    self.register_module("out", nn.Linear(dim, dim))
    self.heads = heads

  def forward(self, x, mask=None):
    q, k, v = [split_heads(층(x), self.heads) for 층 in (self.query, self.key, self.value)]
    if mask is not None:
      mask = mask.unsqueeze(0) if mask.dim() == 2 else mask
      mask = torch.stack([mask] * self.heads, dim=1)
    return self.out(merge_heads(attention(q, k, v, mask)))


class EncoderBlock(nn.Module):
  def __init__(self, dim, heads, hidden, dropout=0.1):
    super(EncoderBlock, self).__init__()
    self.attention = MultiHead(dim=dim, heads=heads)
    self.norm1 = nn.LayerNorm([dim])
    self.norm2 = nn.LayerNorm([dim])
    self.linear1 = nn.Linear(in_features=dim, out_features=hidden)
    self.linear2 = nn.Linear(in_features=hidden, out_features=dim)
    self.dropout = nn.Dropout(p=dropout)
    self.relu = nn.ReLU()

  def forward(self, x, mask=None):
    나머지 = x
    x = self.attention(self.norm1(x), mask)
    x = 나머지 + self.dropout(x)
    나머지 = x
    x = self.linear2(self.relu(self.linear1(self.norm2(x))))
    return self.dropout(x) + 나머지
