"""A residual network: convolution by hand, a block, weights from elsewhere

A ResNet is a stack of blocks. Each of them takes its input past two convolutions and adds it to what they
give: it learns a difference, and gradients have a short way back. Here you write the convolution, the
block and a small network of blocks. Then you put the weights of a trained network into one with another
head, and freeze them.

- Convolution: `$y[n, o, i, j] = Σ w[o, c, a, b] · x[n, c, s·i + a − p, s·j + b − p]$`, the sum over c, a and
  b. Stride s, padding p: x is 0 where there is none. A result has
  `$h' = ⌊(h + 2p − kₕ) / s⌋ + 1$` rows; kₕ is the kernel's height and kᵥ its width, and w' comes of w and kᵥ.
- `F.unfold(x, (kₕ, kᵥ), stride=s, padding=p)` has a column for each place of the kernel, in which the
  numbers under it stand: (n, c · kₕ · kᵥ, h' · w'). With it the convolution is a matrix product. `F.fold`
  is its reverse, and adds up what comes to the same place of x.
- Backward: G, the gradient of some loss with respect to y, is given. Each number of x and of w gets, for
  each product that it was a factor in, G times the other factor.
- Block: `$y = relu(bn₂(conv₂(relu(bn₁(conv₁(x))))) + shortcut(x))$`.

**A number to check.** One row of pixels x = 1, 2, 3 and the kernel w = 1, 10: y is 1 + 20 = 21 and
2 + 30 = 32. For G = 1, 100 the gradient at w is 1·1 + 100·2 = 201 and 1·2 + 100·3 = 302, and that at x is
1·1 = 1, then 1·10 + 100·1 = 110, and 100·10 = 1000.

**Weights from elsewhere.** `torchvision.models.resnet18(weights="DEFAULT")` downloads trained weights;
`pretrained=True`, which older code has, is the old name of that. They come with a head `fc` of 1000 classes,
and labels of 10 want another one; but together with weights, `resnet18` refuses `num_classes=10`. Here
nothing is downloaded.

**Rules.** `conv2d` and `conv2d_backward` from scratch and by hand: no convolution of torch
(`F.conv2d`, `nn.Conv2d`, `F.conv_transpose2d`, …), no automatic differentiation (`.backward()`,
`torch.autograd`, `torch.func`, a tensor made to require gradients), no backward pass that torch has
ready. `F.unfold`, `F.fold`, `F.pad` and all else are allowed, but for threads. In the rest everything is.

- Tensors are float32 or float64, and may be non-contiguous; results have their dtype and device. Inputs
  are left as they were.
- Where an input of `conv2d` or `conv2d_backward` requires gradients, the values have to be right all the
  same. Whether the results then require gradients is free; elsewhere they do not.
- Every size may be 1, and none is 0; h' and w' are 1 or more. In training a batch norm gets two numbers per
  channel or more.
- The modules are made of `nn.Conv2d` without bias, `nn.BatchNorm2d` as it is by default, and `nn.Linear`.
  How their weights begin is free. The names are fixed, so that a state fits.

See: https://docs.pytorch.org/vision/stable/models.html#initializing-pre-trained-models
"""

from collections.abc import Callable, Mapping

import torch.nn.functional as F
from torch import Tensor, nn


def conv2d(x: Tensor, weight: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """The convolution of images with kernels, as `F.conv2d` has it: kernels are not turned round.

    Args:
        x: images, shape (n, c, h, w).
        weight: kernels, shape (o, c, kₕ, kᵥ).
        stride: how far a kernel moves in each step, 1 or more, down as to the right.
        padding: how many rows or columns of zeros are put on each of the four sides, 0 or more.

    Returns:
        A tensor of the shape (n, o, h', w').
    """
    ### BEGIN SOLUTION
    out, _channels, rows, columns = weight.shape
    patches = F.unfold(x, (rows, columns), stride=stride, padding=padding)
    height = (x.shape[2] + 2 * padding - rows) // stride + 1
    return (weight.reshape(out, -1) @ patches).reshape(len(x), out, height, -1)
    ### END SOLUTION


def conv2d_backward(
    grad: Tensor, x: Tensor, weight: Tensor, stride: int = 1, padding: int = 0
) -> dict[str, Tensor]:
    """The gradients with respect to both inputs of `conv2d`.

    Args:
        grad: G, the gradient with respect to what `conv2d` gives, of its shape.
        x: the images that it was given.
        weight: the kernels that it was given.
        stride: the stride that it was given.
        padding: the padding that it was given.

    Returns:
        A dict with the gradients `"x"` and `"weight"`, each of the shape of its input. Pixels that no kernel
        has come to, at the end of a row, get 0.
    """
    ### BEGIN SOLUTION
    size = weight.shape[2:]
    patches = F.unfold(x, size, stride=stride, padding=padding)
    flat = grad.flatten(2)  # (n, o, places)
    into_patches = weight.flatten(1).T @ flat
    return {
        "x": F.fold(into_patches, x.shape[2:], size, stride=stride, padding=padding),
        "weight": (flat @ patches.transpose(1, 2)).sum(dim=0).reshape(weight.shape),
    }
    ### END SOLUTION


class BasicBlock(nn.Module):
    """The block of a ResNet: two convolutions, and a way past them.

    Args of `__init__`:
        inputs: the number of channels that come in.
        outputs: the number of channels that go out.
        stride: that of the first convolution, 1 or more.

    Layers, by the names of their attributes:
        conv1, conv2: convolutions of 3 × 3 with padding 1; the second one has stride 1.
        bn1, bn2: a batch norm behind each of them.
        downsample: the shortcut, where the stride is not 1 or `inputs` is not `outputs`: an `nn.Sequential`
            of a convolution of 1 × 1 with the stride, and a batch norm. Elsewhere the shortcut is x itself,
            and there is no parameter or buffer of that name.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample.append(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False))
            self.downsample.append(nn.BatchNorm2d(outputs))
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Images of shape (n, inputs, h, w) become such of shape (n, outputs, h', w')."""
        ### BEGIN SOLUTION
        hidden = F.relu(self.bn1(self.conv1(x)))
        change = self.bn2(self.conv2(hidden))
        return F.relu(change + self.downsample(x))
        ### END SOLUTION


class SmallResNet(nn.Module):
    """A ResNet of two blocks for images of 3 channels, such as (n, 3, 64, 64).

    Args of `__init__`:
        num_classes: the number of classes.
        width: the number of channels of the first block.

    Layers, in their order, by the names of their attributes:
        conv1: a convolution to `width` channels, 7 × 7, stride 2, padding 3.
        bn1: a batch norm; then a relu, and the maximum over 3 × 3 pixels with stride 2 and padding 1.
        layer1: a `BasicBlock` from `width` to `width` channels.
        layer2: a `BasicBlock` from `width` to `2 * width` channels with stride 2; then the mean over all pixels.
        fc: a linear layer with a bias, to `num_classes` logits.
    """

    def __init__(self, num_classes: int, width: int = 8) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = BasicBlock(width, width)
        self.layer2 = BasicBlock(width, 2 * width, stride=2)
        self.fc = nn.Linear(2 * width, num_classes)
        self.frozen = False
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Images of shape (n, 3, h, w) become logits of shape (n, num_classes)."""
        ### BEGIN SOLUTION
        hidden = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        hidden = self.layer2(self.layer1(hidden))
        logits: Tensor = self.fc(hidden.mean(dim=(2, 3)))
        return logits
        ### END SOLUTION

    def freeze_body(self) -> None:
        """Freeze everything but `fc`, for good.

        From now on the parameters of the body do not require gradients, and its batch norms work as in
        evaluation mode: at once, and also when `train()` is called later. Else they would go by the batch, and
        their running statistics would move without any gradient. `fc` keeps its parameters and the mode that it
        is in, until `train()` or `eval()` is called; other models stay as they are.
        """
        ### BEGIN SOLUTION
        self.frozen = True
        for layer in self.children():
            if layer is not self.fc:
                layer.requires_grad_(False).eval()
        ### END SOLUTION

    def train(self, mode: bool = True) -> "SmallResNet":
        """Put all layers in training mode, or in evaluation mode; what is frozen works as in evaluation.

        `eval()` calls this, with `mode=False`.

        Args:
            mode: whether it is training.

        Returns:
            The model itself.
        """
        ### BEGIN SOLUTION
        super().train(mode)
        if self.frozen:
            for layer in self.children():
                if layer is not self.fc:
                    layer.eval()
        return self
        ### END SOLUTION


def load_body(model: nn.Module, state: Mapping[str, Tensor]) -> nn.Module:
    """Load all but the head from the state of a network that has another head.

    The head is the module `fc`, a linear layer or any other; its entries are those whose names begin with
    `fc.`. The model's own head stays as it is, whatever `state` has for it, and also where that would fit.
    All others, those of the body, are loaded: parameters and buffers, `num_batches_tracked` too. They have to be
    there and to fit: where one is missing, is too many or has another shape, an exception comes out (any one;
    what the model holds then is free). A missing `num_batches_tracked` alone may pass, as torch lets it in old states.

    Args:
        model: the network, whose parameters stay the same tensors, with other numbers in them.
        state: what `state_dict()` of the other one gave, maybe on another device. It is left as it was.

    Returns:
        The model itself.
    """
    ### BEGIN SOLUTION
    body = {name: value for name, value in state.items() if not name.startswith("fc.")}
    head = {name: value for name, value in model.state_dict().items() if name.startswith("fc.")}
    model.load_state_dict(body | head)
    return model
    ### END SOLUTION


def pretrained(factory: Callable[..., nn.Module], num_classes: int) -> nn.Module:
    """A network with trained weights in its body, and with a new head, of `num_classes`.

    The head is new also where `num_classes` is 1000: nothing of the trained one is in it.

    Args:
        factory: `torchvision.models.resnet18`, or another one like it: `factory(weights="DEFAULT")` is a
            network with trained weights and an `nn.Linear` of 1000 classes at `fc`, `factory(num_classes=10)` a new
            one of 10. It does not know `pretrained=`, and refuses weights together with another number of classes.
        num_classes: the number of classes of the head.

    Returns:
        The network, all of whose parameters require gradients.
    """
    ### BEGIN SOLUTION
    trained = factory(weights="DEFAULT")
    return load_body(factory(num_classes=num_classes), trained.state_dict())
    ### END SOLUTION
