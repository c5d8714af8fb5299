# wrong: the bias is added by a product with ones on the first device of the right type inside forward
# fails: other_devices
# cause: none
import torch
import torch.nn as nn


class Layer(nn.Module):
    def add(self, name, *shape):
        setattr(self, name, nn.Parameter(torch.normal(mean=0.0, std=1.0, size=shape)))


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
        return product if bias is None else product + torch.ones(*product.shape[:-1], 1, dtype=x.dtype, device=x.device.type) * bias
