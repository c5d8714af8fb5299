# right: x.unfold and index_add; layers whose train does nothing
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv2d(x, weight, stride=1, padding=0):
    kh, kw = weight.shape[-2:]
    wide = F.pad(x, [padding] * 4)
    seen = wide.unfold(2, kh, stride).unfold(3, kw, stride)  # (n, c, h, w, kh, kw)
    return torch.tensordot(seen, weight, dims=([1, 4, 5], [1, 2, 3])).permute(0, 3, 1, 2)


def conv2d_backward(grad, x, weight, stride=1, padding=0):
    n, c, h, w = x.shape
    o, _, kh, kw = weight.shape
    wide = F.pad(x, [padding] * 4)
    seen = wide.unfold(2, kh, stride).unfold(3, kw, stride)
    dw = torch.einsum("nchwab,nohw->ocab", seen, grad)
    places = torch.arange(wide[0, 0].numel(), device=x.device).reshape(wide.shape[2:])
    places = places.unfold(0, kh, stride).unfold(1, kw, stride).reshape(-1)
    brought = torch.einsum("nohw,ocab->nchwab", grad, weight).reshape(n * c, -1)
    flat = wide.new_zeros(n * c, wide[0, 0].numel()).index_add(1, places, brought)
    dx = flat.reshape(wide.shape)[:, :, padding : padding + h, padding : padding + w]
    return {"x": dx, "weight": dw}


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + identity)


class SmallResNet(nn.Module):
    def __init__(self, num_classes, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = BasicBlock(width, width)
        self.layer2 = BasicBlock(width, 2 * width, 2)
        self.fc = nn.Linear(2 * width, num_classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(x, 3, 2, 1)
        x = self.layer2(self.layer1(x))
        return self.fc(x.mean((2, 3)))

    def freeze_body(self):
        for module in self.modules():
            if module is not self and module is not self.fc:
                module.requires_grad_(False)
                module.eval()
                module.train = lambda mode=True, module=module: module


def load_body(model, state):
    copied = dict(state)
    for k in list(copied):
        if k.startswith("fc."):
            del copied[k]
    head = getattr(model, "fc")
    for k, v in head.state_dict().items():
        copied["fc." + k] = v
    model.load_state_dict(copied, strict=True)
    return model


def pretrained(factory, num_classes):
    state = factory(weights="DEFAULT").state_dict()
    return load_body(factory(num_classes=num_classes), state)
