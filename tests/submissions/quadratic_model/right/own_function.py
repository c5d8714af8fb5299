# right: a function outside the class; further buffers and attributes; tabs; a string method
import torch
import torch.nn as nn


def quadratic(x, a, b, c):
	return (a * x + b) * x + c


class MyModel(nn.Module):
	def __init__(self, *args, **kwargs):
		super(MyModel, self).__init__(*args, **kwargs)
		self.degree = 2
		self.register_buffer("calls", torch.tensor(0), persistent=False)
		self.a = torch.nn.Parameter(torch.tensor([1.]), requires_grad=True)
		self.b = torch.nn.Parameter(torch.tensor([2.]), requires_grad=True)
		self.c = torch.nn.Parameter(torch.tensor([3.]), requires_grad=True)

	def forward(self, x):
		self.calls += 1
		return quadratic(x, self.a, self.b, self.c)

	def string(self):
		return f"y = {self.a.item()} x^2 + {self.b.item()} x + {self.c.item()}"


print(MyModel().string())
