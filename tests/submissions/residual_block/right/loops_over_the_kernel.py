# right: loops over the places of the kernel; values are copied one by one
import torch
from torch import nn


def conv2d(x, weight, stride=1, padding=0):
    n, c, h, w = x.shape
    o, _, kh, kw = weight.shape
    wide = x.new_zeros(n, c, h + 2 * padding, w + 2 * padding)
    wide[:, :, padding : padding + h, padding : padding + w] = x
    rows = (h + 2 * padding - kh) // stride + 1
    columns = (w + 2 * padding - kw) // stride + 1
    y = x.new_zeros(n, o, rows, columns)
    for a in range(kh):
        for b in range(kw):
            seen = wide[:, :, a : a + stride * rows : stride, b : b + stride * columns : stride]
            seen = seen[:, :, :rows, :columns]
            y += torch.einsum("nchw,oc->nohw", seen, weight[:, :, a, b])
    return y


def conv2d_backward(grad, x, weight, stride=1, padding=0):
    n, c, h, w = x.shape
    kh, kw = weight.shape[2:]
    rows, columns = grad.shape[2:]
    wide = nn.functional.pad(x, (padding, padding, padding, padding))
    dwide, dweight = torch.zeros_like(wide), torch.zeros_like(weight)
    for a in range(kh):
        for b in range(kw):
            place = (
                slice(None),
                slice(None),
                slice(a, a + stride * (rows - 1) + 1, stride),
                slice(b, b + stride * (columns - 1) + 1, stride),
            )
            dwide[place] += torch.einsum("nohw,oc->nchw", grad, weight[:, :, a, b])
            dweight[:, :, a, b] = torch.einsum("nohw,nchw->oc", grad, wide[place])
    return {"weight": dweight, "x": dwide[:, :, padding : padding + h, padding : padding + w]}


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, (3, 3), (stride, stride), (1, 1), bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding="same", bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        if (inputs, 1) != (outputs, stride):
            past = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(past, nn.BatchNorm2d(outputs))
        else:
            self.downsample = nn.Identity()

    def forward(self, x):
        y = self.bn1(self.conv1(x)).clamp(min=0)
        y = self.bn2(self.conv2(y)) + self.downsample(x)
        return y.clamp(min=0)


class SmallResNet(nn.Module):
    def __init__(self, num_classes, width=8):
        super().__init__()
        self.fc = nn.Linear(2 * width, num_classes)
        self.layer2 = BasicBlock(width, 2 * width, 2)
        self.layer1 = BasicBlock(width, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.asleep = []

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = nn.functional.max_pool2d(y, 3, stride=2, padding=1)
        y = self.layer2(self.layer1(y))
        return self.fc(y.flatten(2).sum(-1) / y[0, 0].numel())

    def freeze_body(self):
        for name, child in self.named_children():
            if name != "fc":
                child.requires_grad_(False)
                self.asleep.append(child.eval())

    def train(self, mode=True):
        result = super().train(mode)
        for child in self.asleep:
            child.eval()
        return result


def load_body(model, state):
    own = model.state_dict()
    names = {name for name in own if not name.startswith("fc.")}
    if names != {name for name in state if not name.startswith("fc.")}:
        raise KeyError("the bodies have other names")
    with torch.no_grad():
        for name in names:
            if own[name].shape != state[name].shape:
                raise ValueError(name)
            own[name].copy_(state[name])
    return model


def pretrained(factory, num_classes):
    model = factory(num_classes=num_classes)
    load_body(model, factory(weights="IMAGENET1K_V1").state_dict())
    return model
