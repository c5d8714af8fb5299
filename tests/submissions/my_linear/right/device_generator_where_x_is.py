# right: drawn by a generator of a device; forward into a tensor made where x is
import torch
import torch.nn as nn


class Layer(nn.Module):
    def add(self, name, *shape):
        setattr(self, name, nn.Parameter(torch.randn(shape, generator=torch.Generator(device="cpu").manual_seed(torch.randint(2**31, ()).item()))))


class MyLinear(Layer):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        assert in_features >= 1 and out_features >= 1
        self.in_features = in_features
        self.out_features = out_features
        self.add("weights", in_features, out_features)
        if bias:
            self.add("bias", out_features)
        else:
            self.bias = None

    def forward(self, x):
        assert x.shape[-1] == self.in_features, "wrong number of features"
        bias = getattr(self, "bias", None)
        product = (x[..., None, :] @ self.weights).squeeze(-2)
        if bias is None:
            return product
        return torch.add(product, bias.to(x.device, non_blocking=True)) * torch.tensor(1.0)
