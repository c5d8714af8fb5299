# right: tabs, and loops over samples and features instead of matrix products
import math

import torch
from torch import nn


class LR(nn.Module):
	def __init__(self, dim, lr=0.01, device=None, dtype=None):
		nn.Module.__init__(self)
		self.dim = dim
		self.w = torch.zeros(dim, 1).to(device=device, dtype=dtype)
		self.b = torch.zeros(1).to(device=device, dtype=dtype).squeeze()
		self.lr = lr
		self.grads = dict(dw=self.w.clone(), db=self.b.clone())

	def sigmoid(self, z):
		out = torch.empty(z.shape, dtype=z.dtype, device=z.device)
		flat, source = out.view(-1), z.reshape(-1)
		for i in range(len(source)):
			value = source[i].item()
			if value >= 0:
				flat[i] = 1 / (1 + math.exp(-value))
			else:
				flat[i] = math.exp(value) / (1 + math.exp(value))
		return out

	def forward(self, x):
		rows = []
		for j in range(x.size(1)):
			total = self.b
			for i in range(x.size(0)):
				total = total + self.w[i, 0] * x[i, j]
			rows.append(total)
		return self.sigmoid(torch.stack(rows).unsqueeze(0))

	def backward(self, x, yhat, y):
		dw, db = torch.zeros_like(self.w), torch.zeros_like(self.b)
		for j in range(x.size(1)):
			error = yhat[0, j] - y[0, j]
			dw += x[:, j : j + 1] * error
			db += error
		self.grads["dw"], self.grads["db"] = dw / x.size(1), db / x.size(1)

	def optimize(self):
		for name in ("w", "b"):
			setattr(self, name, getattr(self, name) - float(self.lr) * self.grads["d" + name])


def loss(yhat, y):
	total = torch.zeros((), dtype=yhat.dtype, device=yhat.device)
	for p, t in zip(yhat.reshape(-1), y.reshape(-1)):
		total -= t * max(torch.log(p), torch.tensor(-100.0).to(p))
		total -= (1 - t) * max(torch.log1p(-p), torch.tensor(-100.0).to(p))
	return total / yhat.numel()
