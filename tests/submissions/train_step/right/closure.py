# right: optimizer.step(closure), which returns the loss; modes kept in a dict, restored by train(mode)
import torch


def train_step(model, criterion, optimizer, inputs, labels):
    model.train()
    where = {parameter.device for parameter in model.parameters()}.pop()

    def closure():
        optimizer.zero_grad(set_to_none=False)
        loss = criterion(model(inputs.to(where)), labels.to(where))
        loss.backward()
        return loss

    return float(optimizer.step(closure))


def train(model, criterion, optimizer, loader, epochs):
    def epoch():
        pairs = [
            (train_step(model, criterion, optimizer, x, y), x.shape[0]) for x, y in loader
        ]
        return sum(loss * n for loss, n in pairs) / sum(n for _, n in pairs)

    return [epoch() for _ in range(epochs)]


class kept_modes:
    """Puts a model into evaluation mode, and back."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.before = {module: module.training for module in self.model.modules()}
        self.model.eval()

    def __exit__(self, *error):
        for module, mode in self.before.items():
            module.train(mode)  # parents come before their children
        return False


@torch.inference_mode()
def evaluate(model, criterion, loader):
    where = next(model.parameters()).device
    sums = torch.zeros(3, dtype=torch.float64)
    with kept_modes(model):
        for x, y in loader:
            out = model(x.to(where))
            hits = (out.argmax(-1) == y.to(where)).sum()
            sums += torch.tensor([criterion(out, y.to(where)).item() * len(y), hits.item(), len(y)], dtype=torch.float64)
    return [(sums[0] / sums[2]).item(), (sums[1] / sums[2]).item()]
