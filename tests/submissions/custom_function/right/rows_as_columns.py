# right: works with columns; backward calls another method of the class; tabs
import torch


class LinearFunction(torch.autograd.Function):
	@staticmethod
	def forward(ctx, x, weight, bias):
		ctx.shape = x.shape
		columns = x.reshape(-1, x.shape[-1]).T
		ctx.save_for_backward(columns, weight)
		out = weight @ columns
		if bias is not None:
			out = out + bias[:, None]
		return out.T.reshape(*x.shape[:-1], weight.shape[0])

	@staticmethod
	def gradients(columns, weight, g, shape):
		yield (weight.T @ g).T.reshape(shape)
		yield g @ columns.T
		yield g.sum(dim=1)

	@staticmethod
	def backward(ctx, grad_output):
		columns, weight = ctx.saved_tensors
		g = grad_output.reshape(-1, weight.shape[0]).T
		found = LinearFunction.gradients(columns, weight, g, ctx.shape)
		return tuple(one if need else None for one, need in zip(found, ctx.needs_input_grad))


class StraightThroughRound(torch.autograd.Function):
	"""Rounds; the derivative is said to be 1."""

	@staticmethod
	def forward(ctx, x):
		ctx.mark_non_differentiable()
		return torch.special.round(x, decimals=0)

	@staticmethod
	def backward(ctx, *grads):
		return grads[0]
