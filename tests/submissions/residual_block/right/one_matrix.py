# right: the convolution as one matrix, made of unit images; a frozen batch norm of its own
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def matrix(weight: Tensor, h: int, w: int, stride: int, padding: int) -> tuple[Tensor, int, int]:
    """(o·h'·w', c·h·w)"""
    o, c, kh, kw = weight.shape
    rows = (h + 2 * padding - kh) // stride + 1
    columns = (w + 2 * padding - kw) // stride + 1
    found = weight.new_zeros(o, rows, columns, c, h, w)
    for i in range(rows):
        for j in range(columns):
            for a in range(kh):
                for b in range(kw):
                    y, x = i * stride + a - padding, j * stride + b - padding
                    if 0 <= y < h and 0 <= x < w:
                        found[:, i, j, :, y, x] = weight[:, :, a, b]
    return found.reshape(o * rows * columns, c * h * w), rows, columns


def conv2d(x: Tensor, weight: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    m, rows, columns = matrix(weight, x.size(2), x.size(3), stride, padding)
    return (x.flatten(1) @ m.T).reshape(x.size(0), weight.size(0), rows, columns)


def conv2d_backward(
    grad: Tensor, x: Tensor, weight: Tensor, stride: int = 1, padding: int = 0
) -> dict[str, Tensor]:
    m, rows, columns = matrix(weight, x.size(2), x.size(3), stride, padding)
    dx = (grad.flatten(1) @ m).reshape(x.shape)
    patches = F.unfold(x, weight.shape[2:], padding=padding, stride=stride)
    dweight = torch.stack([g.flatten(1) @ p.T for g, p in zip(grad, patches)]).sum(0)
    return dict(x=dx, weight=dweight.reshape(weight.shape))


class BasicBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        layers = []
        if stride > 1 or inputs != outputs:
            layers = [
                nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(outputs),
            ]
        self.downsample = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        main = nn.Sequential(self.conv1, self.bn1, nn.ReLU(), self.conv2, self.bn2)
        return torch.relu(main(x) + self.downsample(x))


class SmallResNet(nn.Module):
    def __init__(self, num_classes: int, width: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = BasicBlock(width, width)
        self.layer2 = BasicBlock(width, width * 2, stride=2)
        self.fc = nn.Linear(width * 2, num_classes)
        self.register_buffer("frozen", torch.tensor(False), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn1(self.conv1(x)).relu()
        for layer in (nn.MaxPool2d(3, 2, 1), self.layer1, self.layer2, nn.AdaptiveAvgPool2d(1)):
            x = layer(x)
        return self.fc(x.flatten(1))

    def freeze_body(self) -> None:
        self.requires_grad_(False)
        self.fc.requires_grad_(True)
        self.frozen = torch.tensor(True)
        self.train(self.training)

    def train(self, mode: bool = True) -> SmallResNet:
        self.training = mode
        for name, child in self.named_children():
            child.train(mode and (name == "fc" or not self.frozen))
        return self


def load_body(model: nn.Module, state) -> nn.Module:
    head = {"fc." + name: value for name, value in model.fc.state_dict().items()}
    body = {name: value for name, value in state.items() if name[:3] != "fc."}
    model.load_state_dict({**body, **head})
    return model


def pretrained(factory, num_classes: int) -> nn.Module:
    new = factory(num_classes=num_classes)
    return load_body(new, factory(weights="DEFAULT").state_dict())
