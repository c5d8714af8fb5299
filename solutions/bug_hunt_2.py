"""Bug hunt 2: eleven more published mistakes

Each function below was published, in one form or another, in a post that taught PyTorch, and each
has exactly one mistake. Some raise, and then the last line of the traceback says where. The others
give a number, and the number is wrong. The docstrings say what each should do; find where the code
does something else, and mend it.

The way to hunt is that of the first bug hunt: an example that you can do by hand. For what raises,
read the last line first, and ask of each name in it: what kind of thing is that?

**A number to check.** The slope of $3 x²$ at $x = 1$ is $6$. A post printed 12. That is the slope
of $3 (x + 1)²$ there, and it is also what `x.grad` holds after two backward passes, $6 + 6$.

**Rules.**

- Change as little as you can; writing a function anew is allowed as well. Names and arguments
  stay.
- `numeric_slope` and `numeric_gradient` work by hand: no automatic differentiation of any kind,
  nor symbolic one (`sympy`). In the others everything is allowed.
- Numbers are float32 or float64. Results have the dtype and the device of the inputs, and inputs
  are left as they were, unless that is said. Sizes may be 1, and inputs may be non-contiguous.
- A function that breaks the rule loses its own points; the others keep theirs. Functions that a
  rule is for start no threads.
- Where an input requires gradients, the values have to be right all the same. Whether the results
  then require gradients is free.
- An answer depends on the arguments alone: not on earlier calls, nor on torch's default dtype or
  device. What was handed out earlier stays as it was.

See: https://docs.pytorch.org/docs/stable/notes/faq.html
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn, optim


def square_slope(x: Tensor) -> Tensor:
    """The slope of $3 x²$ at each element of x: 6 at 1, however often it is asked for.

    Args:
        x: A leaf that requires gradients, of any shape. Its `.grad` may hold something already,
            and holds the same afterwards.

    Returns:
        The slopes, of the shape of `x`.
    """
    ### BEGIN SOLUTION
    y = (3 * x**2).sum()
    (slope,) = torch.autograd.grad(y, x)
    return slope
    ### BEGIN STUB
    # y = (3 * x**2).sum()
    # y.backward()
    # return x.grad
    ### END STUB
    ### END SOLUTION


def numeric_slope(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The slope of a function at each element of x, to 0.05 at most; by hand.

    The smaller h is, the better is the formula, and the worse are the numbers: float32 holds seven
    digits, and near 100 two numbers in it are 0.0000076 apart. With h = 0.00001 the difference of
    $x² + 100$ at $x = 1$ should be 0.00004, is a multiple of that, and divided by 2h it gives 2.29.

    Args:
        f: A function that acts on each element by itself, in float32 and in float64. Between −3 and
            3 its values are at most 110 in size, and its first three derivatives at most 20.
        x: The points, of any shape, between −2 and 2.

    Returns:
        The slopes, of the shape and dtype of `x`, each no further than 0.05 from the true one.
    """
    ### BEGIN SOLUTION
    h = 1e-2
    with torch.no_grad():
        return (f(x + h) - f(x - h)) / (2 * h)
    ### BEGIN STUB
    # h = 1e-5
    # with torch.no_grad():
    #     return (f(x + h) - f(x - h)) / (2 * h)
    ### END STUB
    ### END SOLUTION


def numeric_gradient(
    f: Callable[[Tensor], Tensor], x: Tensor, reduction: str = "sum", h: float = 1e-3
) -> Tensor:
    """The gradient of `f(x).sum()`, or of `f(x).mean()`, by central differences; by hand.

    With f(x) = x² and x = `[1, 2]`, the gradient of the sum is `[2, 4]`, that of the mean `[1, 2]`.

    Args:
        f: A function that acts on each element of a tensor by itself.
        x: The point, of any shape.
        reduction: `"sum"` or `"mean"`.
        h: The half of the distance between the two points of a difference.

    Returns:
        The gradient, of the shape of `x`, made of differences (f(x + h) − f(x − h)) / 2h.
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        slope = (f(x + h) - f(x - h)) / (2 * h)
    return slope / x.numel() if reduction == "mean" else slope
    ### BEGIN STUB
    # with torch.no_grad():
    #     slope = (f(x + h) - f(x - h)) / (2 * h)
    # return slope / x.numel()
    ### END STUB
    ### END SOLUTION


def squared_error(prediction: Tensor, labels: Tensor) -> Tensor:
    """A loss that is 0 where all is right and above 0 elsewhere: the mean of the squared errors.

    For the prediction `[1, 2]` and the labels `[2, 1]` it is 1.

    Args:
        prediction: Of any shape.
        labels: Of the same shape.

    Returns:
        The loss, a 0-dim tensor, through which autograd can go to the prediction.
    """
    ### BEGIN SOLUTION
    return ((prediction - labels) ** 2).mean()
    ### BEGIN STUB
    # return (prediction - labels).sum()
    ### END STUB
    ### END SOLUTION


def descend(f: Callable[[Tensor], Tensor], x: Tensor, lr: float, steps: int) -> Tensor:
    """Gradient descent: each step goes from x to x − lr · (the gradient of f there).

    With f(x) = x², x = 1 and lr = 0.25 the first two steps lead to 0.5 and to 0.25.

    Args:
        f: A function that maps the whole tensor to a scalar.
        x: Where to begin, of any shape. It is left as it was, and so is its `.grad`.
        lr: The learning rate.
        steps: How many steps to take, 0 or more.

    Returns:
        Where the last step leads to, detached.
    """
    ### BEGIN SOLUTION
    x = x.detach().clone().requires_grad_()
    for _ in range(steps):
        f(x).backward()
        assert x.grad is not None
        with torch.no_grad():
            x -= lr * x.grad
        x.grad = None
    return x.detach()
    ### BEGIN STUB
    # x = x.detach().clone().requires_grad_()
    # for _ in range(steps):
    #     f(x).backward()
    #     with torch.no_grad():
    #         x -= lr * x.grad
    #     x.gard = None
    # return x.detach()
    ### END STUB
    ### END SOLUTION


def decayed_step(f: Callable[[Tensor], Tensor], w: Tensor, lr: float, decay: float) -> float:
    """One step of gradient descent with weight decay, in place: w ← w − lr · (gradient + decay · w).

    Both the gradient and w on the right are those from before the step. With f(w) = w², w = 1,
    lr = 0.1 and decay = 0.5 the new w is 1 − 0.1 · (2 + 0.5) = 0.75. Gradients from before the call
    have no part in it, and what `w.grad` holds afterwards is free.

    Args:
        f: A function that maps the whole tensor to a scalar.
        w: A leaf that requires gradients, of any shape; it is changed, and still is such a leaf.
        lr: The learning rate.
        decay: How much of w itself is added to the gradient.

    Returns:
        The value of f before the step, a `float`.
    """
    ### BEGIN SOLUTION
    w.grad = None
    loss = f(w)
    loss.backward()
    assert w.grad is not None
    w.data.sub_(lr * (w.grad + decay * w.data))
    return loss.item()
    ### BEGIN STUB
    # w.grad = None
    # loss = f(w)
    # w.data.sub_(lr * decay * w.data)
    # loss.backward()
    # w.data.sub_(lr * w.grad)
    # return loss.item()
    ### END STUB
    ### END SOLUTION


def predict(model: nn.Module, xs: Sequence[float]) -> Tensor:
    """What a model gives for numbers that stand in a list.

    Args:
        model: A model with parameters, all of one dtype and on one device, that maps a tensor of
            shape (n,) in that dtype and on that device to another one.
        xs: A list of n floats, 1 or more.

    Returns:
        What the model gives for them.
    """
    ### BEGIN SOLUTION
    like = next(model.parameters())
    prediction: Tensor = model(torch.tensor(xs, dtype=like.dtype, device=like.device))
    return prediction
    ### BEGIN STUB
    # return model(xs)
    ### END STUB
    ### END SOLUTION


def one_step(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    inputs: Tensor,
    labels: Tensor,
    lr: float,
) -> float:
    """One step of plain SGD. Gradients from before the call have no part in it.

    Args:
        model: The model; its parameters are changed.
        criterion: `criterion(model(inputs), labels)` is the loss, a scalar tensor.
        inputs: The inputs of the batch.
        labels: Its labels.
        lr: The learning rate.

    Returns:
        The loss before the step, a `float`.
    """
    ### BEGIN SOLUTION
    optimizer = optim.SGD(model.parameters(), lr=lr)
    optimizer.zero_grad()
    loss = criterion(model(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()
    ### BEGIN STUB
    # optimizer = optim.SGD(model.parameters(), lr=lr)
    # optimizer.zero_grad()
    # loss = criterion(model(inputs), labels)
    # loss.backward()
    # optim.step()
    # return loss.item()
    ### END STUB
    ### END SOLUTION


def train(
    model: nn.Module,
    criterion: Callable[[Tensor, Tensor], Tensor],
    optimizer: optim.Optimizer,
    inputs: Tensor,
    labels: Tensor,
    epochs: int,
) -> list[float]:
    """Train on one batch: in each epoch one step of the optimizer.

    Each step goes by the gradients of its own epoch alone.

    Args:
        model: The model; its parameters are changed.
        criterion: `criterion(model(inputs), labels)` is the loss, a scalar tensor.
        optimizer: An optimizer of `torch.optim` that holds the model's parameters. It says how they
            move: it may have momentum, or several learning rates.
        inputs: The inputs of the batch.
        labels: Its labels.
        epochs: How many epochs there are, 0 or more.

    Returns:
        A list of as many floats: the loss in each epoch, before its step.
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### BEGIN STUB
    # losses = []
    # for _ in range(epochs + 1):
    #     optimizer.zero_grad()
    #     loss = criterion(model(inputs), labels)
    #     loss.backward()
    #     optimizer.step()
    #     losses.append(loss.item())
    # return losses
    ### END STUB
    ### END SOLUTION


def new_head(model: nn.Module, num_classes: int) -> nn.Module:
    """Give a model that was made for other classes an output for each class of the new labels.

    The network of the post has 1000 outputs, and the labels are of 10 classes. Nothing raises as
    long as each label is below 1000, and 990 outputs are trained for nothing.

    Args:
        model: It ends with an `nn.Linear` in the attribute `fc`, which has a bias.
        num_classes: How many outputs it is to have, one or more.

    Returns:
        The same model. Its `fc` is a new `nn.Linear`, with a bias, for as many inputs as the old one
        and `num_classes` outputs, in the dtype and on the device of the old one. Its numbers are
        those that a new `nn.Linear` begins with. All else in the model is as it was.
    """
    ### BEGIN SOLUTION
    old = model.fc
    assert isinstance(old, nn.Linear)
    model.fc = nn.Linear(old.in_features, num_classes).to(old.weight)
    return model
    ### BEGIN STUB
    # model.fc.out_features = num_classes
    # return model
    ### END STUB
    ### END SOLUTION


def to_model(array: np.ndarray, model: nn.Module) -> Tensor:
    """Make a tensor of an array that a model takes: in its dtype and on its device.

    The post goes by the machine: `Variable`, of which nothing is left but the name, and `.cuda()`
    where there is a GPU. The model need not be on it.

    Args:
        array: A NumPy array of float32 or float64, of any shape.
        model: A model with parameters, all of one dtype and on one device.

    Returns:
        A tensor with the numbers of the array, in the dtype and on the device of the model's
        parameters, that requires no gradients. It may share memory with the array.
    """
    ### BEGIN SOLUTION
    like = next(model.parameters())
    return torch.as_tensor(array, dtype=like.dtype, device=like.device)
    ### BEGIN STUB
    # from torch.autograd import Variable
    #
    # x = Variable(torch.from_numpy(array))
    # if torch.cuda.is_available():
    #     x = x.cuda()
    # return x
    ### END STUB
    ### END SOLUTION
