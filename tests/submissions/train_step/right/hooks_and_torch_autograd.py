# right: torch.autograd.backward, gradients cleared through the model, the epoch's loss kept as a tensor until its end
import torch


def train_step(model, criterion, optimizer, inputs, labels):
	for module in model.modules():
		module.train()
	device = list(model.parameters())[0].device
	x, y = inputs.to(device, non_blocking=True), labels.to(device, non_blocking=True)
	model.zero_grad()
	optimizer.zero_grad()
	error = criterion(model.forward(x), y)
	torch.autograd.backward(error)
	before = error.clone().detach()
	optimizer.step()
	return before.item()


def train(model, criterion, optimizer, loader, epochs):
	result = []
	for _ in range(epochs):
		pairs = torch.tensor([
			(train_step(model, criterion, optimizer, x, y), x.size(0)) for x, y in loader
		], dtype=torch.float64)
		result.append((pairs.prod(dim=1).sum() / pairs[:, 1].sum()).item())
	return result


def evaluate(model, criterion, loader):
	training = [m for m in model.modules() if m.training]
	loss, correct, total = 0.0, 0, 0
	try:
		for m in training:
			m.training = False
		with torch.no_grad():
			device = list(model.parameters())[0].device
			for x, y in loader:
				y = y.to(device)
				out = model(x.to(device))
				probabilities = torch.softmax(out, dim=1)
				loss += criterion(out, y).item() * y.numel()
				correct += probabilities.argmax(dim=1).eq(y).sum().item()
				total += y.numel()
	finally:
		for m in training:
			m.training = True
	return loss / total, correct / total


if __name__ == "__main__":
	net = torch.nn.Linear(3, 2)
	data = [(torch.randn(5, 3), torch.randint(0, 2, (5,)))]
	print(train(net, torch.nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters()), data, 5))
