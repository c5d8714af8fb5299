"""Trainings to save and to resume: built alike on both sides, right or with a mistake in what comes back.

    plan   {"optimizer": ["SGD", {"lr": 0.1, …}], "scheduler": ["StepLR", {…}], "dropout": 0.5}
    state  {"0.weight": …}                                                          what the model begins with

A probe builds `workshop(plan, state)`, and so does the check; `resumed_by_hand` is a training that is stopped and
resumed.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from ...sandbox.wire.values import Received
from ..probes import helper

Plan = dict[str, Any]
State = dict[str, Tensor]

# what trains, round by round; of each optimizer something is lost without its state, of each schedule its place
PLANS: dict[str, Plan] = {
    "SGD(momentum=0.9), StepLR": {
        "optimizer": ["SGD", {"lr": 0.1, "momentum": 0.9}],
        "scheduler": ["StepLR", {"step_size": 3, "gamma": 0.3}],
    },
    "Adam, CosineAnnealingWarmRestarts": {  # whose place is more than the number of the epoch
        "optimizer": ["Adam", {"lr": 0.05}],
        "scheduler": ["CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2}],
    },
    "RMSprop, LinearLR": {
        "optimizer": ["RMSprop", {"lr": 0.02}],
        "scheduler": ["LinearLR", {"start_factor": 0.25, "total_iters": 6}],
    },
}


@helper
def workshop(plan: Any, state: dict[str, Tensor]) -> tuple[Any, Any, Any]:
    """A model with these weights and buffers, its optimizer, and the schedule of that."""
    (hidden, n_in), n_out = state["0.weight"].shape, len(state["3.bias"])
    model = nn.Sequential(
        nn.Linear(n_in, hidden),
        nn.Tanh(),
        nn.Sequential(nn.BatchNorm1d(hidden), nn.Dropout(plan["dropout"])),
        nn.Linear(hidden, n_out),
    ).to(state["0.weight"])
    model.load_state_dict(state)
    (kind, options), (schedule, its_options) = plan["optimizer"], plan["scheduler"]
    optimizer = getattr(torch.optim, kind)(model.parameters(), **options)
    scheduler = getattr(torch.optim.lr_scheduler, schedule)(optimizer, **its_options)
    return model, optimizer, scheduler


@helper
def walk(parts: Any, epochs: int) -> None:
    """Some epochs of one step, with gradients that follow from the parameters."""
    model, optimizer, scheduler = parts
    for _unused in range(epochs):
        for parameter in model.parameters():
            parameter.grad = parameter.detach() + 1
        optimizer.step()
        scheduler.step()


@helper
def states_of(parts: Any) -> list[Any]:
    return [part.state_dict() for part in parts]


@helper
def plain(states: Any) -> dict[str, Any]:
    """The state dicts of model, optimizer and scheduler as copies, with names that tell where each thing stands.

    Raises:
        Exception: of any kind, if they are no such state dicts.
    """
    model, optimizer, scheduler = states
    kept = {}
    for number, entry in sorted(optimizer["state"].items()):
        for name, value in entry.items():
            if value is not None:
                is_count = name == "step"
                kept[f"{number}.{name}"] = float(value) if is_count else value.detach().clone()
    return {
        "model": {name: value.detach().clone() for name, value in model.items()},
        "optimizer": kept,
        "lr": [float(group["lr"]) for group in optimizer["param_groups"]],
        "scheduler": {
            "_last_lr": [float(lr) for lr in scheduler["_last_lr"]],
            **{name: value for name, value in scheduler.items() if type(value) in (int, float)},
        },
    }


@helper
def new_path(as_path: bool = False) -> Any:
    """The path of a file that is not there yet, in a folder that is."""
    import itertools
    import pathlib

    folder = pathlib.Path("runs")
    folder.mkdir(exist_ok=True)
    # not a random one: an exception of the student's may tell it, and the same file gives the same report
    paths = (folder / f"checkpoint{number}.pt" for number in itertools.count())
    path = next(path for path in paths if not path.exists())
    return path if as_path else str(path)


@helper
def named(names: str, values: Any, by_keyword: bool) -> tuple[Any, Any]:
    """Arguments, and keyword arguments, of a call."""
    return ([], dict(zip(names.split(), values, strict=True))) if by_keyword else (values, {})


@helper
def write(path: Any, parts: Any, epoch: int, **more: Any) -> None:
    """A file as the exercise asks for it."""
    file = dict(zip(("model", "optimizer", "scheduler"), states_of(parts), strict=True))
    torch.save({**file, "epoch": epoch, "rng": torch.get_rng_state(), **more}, path)


@helper
def as_if_from_a_gpu(path: Any) -> None:
    """Has the tensors of a file that was written on the CPU be of a GPU that no machine here has."""
    import struct
    import zipfile

    def text(word: str) -> bytes:
        return b"X" + struct.pack("<I", len(word)) + word.encode()

    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, data in parts.items():
            is_pickle = name.endswith("/data.pkl")
            file.writestr(name, data.replace(text("cpu"), text("cuda:15")) if is_pickle else data)


@helper
def is_plain(value: Any) -> bool:
    """Whether a file with it is read with `weights_only=True`."""
    import io

    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(0)
    try:
        torch.load(buffer, weights_only=True)
    except Exception:
        return False
    return True


@helper
def write_a_program(path: Any, parts: Any) -> str:
    """A file with a program in it; when it is run, it makes the folder whose path is returned."""
    import os

    class Program:
        def __reduce__(self) -> Any:
            return os.mkdir, (made,)

    made = f"{path}.ran"
    write(path, parts, 1, note=Program())
    return made


@helper
def content(path: Any) -> dict[str, Any]:
    """What is in a file: `entries`, or a `problem` by its name, with the `keys` that it is about."""
    try:
        file = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        try:
            file = torch.load(path, map_location="cpu", weights_only=False)
        except Exception:
            return {"problem": "unreadable"}
        kinds = (nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler)
        entries = file if isinstance(file, dict) else {}
        refused = [key for key, value in entries.items() if not is_plain(value)]
        whole = any(isinstance(entries[key], kinds) for key in refused[:1])
        return {"problem": "weights_only", "keys": [str(key) for key in refused], "whole": whole}
    if not isinstance(file, dict):
        return {"problem": "no-dict", "keys": [type(file).__name__]}
    asked = ("model", "optimizer", "scheduler", "epoch", "rng")
    if missing := [key for key in asked if key not in file]:
        return {"problem": "missing", "keys": missing}
    model = file["model"]
    names = sorted(map(str, model)) if isinstance(model, dict) else []
    try:
        entries = plain([file[key] for key in asked[:3]])
    except Exception:
        return {"problem": "no-state-dict", "names": names}
    rng = file["rng"].clone() if isinstance(file["rng"], Tensor) else file["rng"]
    rng = rng if isinstance(rng, Tensor | int | float | str) else type(rng).__name__
    epoch = file["epoch"] if isinstance(file["epoch"], int | float | str) else None
    return {"problem": "", "names": names, "entries": {**entries, "epoch": epoch, "rng": rng}}


def walked(plan: Plan, start: State, epochs: int) -> dict[str, Any]:
    parts = workshop(plan, start)
    walk(parts, epochs)
    return plain(states_of(parts))


@helper
def criterion() -> Any:
    """One that is neither the plain squared error nor the same with its arguments swapped."""
    return nn.BCEWithLogitsLoss()


@helper
class Stopping(nn.Module):
    """A criterion that raises an ArithmeticError when it is asked for the loss of a batch with this number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number
        self.measure = criterion()

    def forward(self, outputs: Tensor, labels: Tensor) -> Any:
        if self.left == 0:
            raise ArithmeticError
        self.left -= 1
        return self.measure(outputs, labels)


@helper
def loader_of(samples: Any, size: int, shuffle: bool) -> Any:
    """The samples in batches: a `DataLoader` in an order of each epoch's own, or a list."""
    inputs, labels = samples
    if shuffle:
        pairs: Any = [*zip(inputs, labels, strict=True)]
        return torch.utils.data.DataLoader(pairs, size, shuffle=True)
    return [*zip(inputs.split(size), labels.split(size), strict=True)]


def trained(
    parts: Any, loader: Any, epochs: int, mistake: str = "", own: Any = None
) -> list[list[float]]:
    """Trains by hand, rightly or with a mistake; the losses of each epoch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch says of a schedule that comes first
        return _trained(parts, loader, epochs, mistake, own or criterion())


def _trained(parts: Any, loader: Any, epochs: int, mistake: str, measure: Any) -> list[list[float]]:
    model, optimizer, scheduler = parts
    losses: list[list[float]] = []
    model.train(mistake != "eval")
    for epoch in range(epochs):
        losses.append([])
        if mistake == "cleared-per-epoch":
            optimizer.zero_grad()
        if mistake == "schedule-first":
            scheduler.step()
        for inputs, labels in loader:
            if mistake not in ("not-cleared", "cleared-per-epoch", "cleared-late"):
                optimizer.zero_grad()
            loss = measure(model(inputs), labels)
            loss.backward()
            for _step in range({"no-step": 0, "two-steps": 2}.get(mistake, 1)):
                optimizer.step()
            if mistake == "cleared-late":
                optimizer.zero_grad()
            if mistake == "loss-after":
                loss = measure(model(inputs), labels)
            if mistake == "schedule-per-batch":
                scheduler.step()
            losses[-1].append(loss.item())
        usual = not mistake.startswith(("schedule", "no-schedule"))
        if usual or (mistake == "schedule-short" and epoch + 1 < epochs):
            scheduler.step()
    return losses


def resumed_by_hand(given: dict[str, Any], mistake: str) -> tuple[dict[str, Any], list[float]]:
    """A training that is stopped and resumed with a mistake: what it ends with, and the losses of the second part.

    Args:
        given: `plan`, `states` of the first model and of the one that takes its place, `samples`, `size` and `shuffle`
            of the loader, `seeds` of either part, `stop` and `epochs`.
        mistake: what does not come back, by its names, or another one of those below; empty for none.
    """
    plan, (start, other), stop = given["plan"], given["states"], given["stop"]
    loader = loader_of(given["samples"], given["size"], given["shuffle"])
    first, again = workshop(plan, start), workshop(plan, other)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(given["seeds"][0])
        batches = list(loader) if mistake == "drawn-once" else loader
        if mistake == "saved-early":  # before the last step of the schedule
            trained(first, loader, stop - 1)
            trained(first, loader, 1, "no-schedule")
        else:
            trained(first, batches, stop)
        if mistake.startswith("half-saved"):
            rest = iter(loader)
            trained(first, [next(rest)], 1, "no-schedule")
            if mistake == "half-saved-forward":  # the criterion raises after it
                first[0](next(rest)[0])
        rng = torch.get_rng_state()
        torch.manual_seed(given["seeds"][1])
        for name, part, old in zip(("model", "optimizer", "scheduler"), again, first, strict=True):
            if name not in mistake and mistake != "never-loaded":
                part.load_state_dict(old.state_dict())
        if mistake not in ("rng", "never-loaded"):
            torch.set_rng_state(rng)
        is_anew = mistake in ("started-anew", "never-loaded")
        done = 0 if is_anew else stop + {"skipped": 1, "twice": -1}.get(mistake, 0)
        batches = list(loader) if mistake == "drawn-once" else loader
        mode = "eval" if mistake == "evaluating" else ""
        losses = trained(again, batches, given["epochs"] - done, mode)
    return plain(states_of(again)), [sum(each) / len(each) for each in losses]


def numbers_after(seed: int) -> list[float]:
    """What `torch.rand` gives after a seed."""
    generator = torch.Generator().manual_seed(seed)
    return list(torch.rand(3, generator=generator, dtype=torch.float64).tolist())


def as_reference(value: Any) -> Any:
    """An answer of the student's code as a reference for another one."""
    if isinstance(value, dict):
        return {key: as_reference(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_reference(entry) for entry in value]
    return value.tensor if isinstance(value, Received) else value
