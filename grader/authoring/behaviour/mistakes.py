"""Which mistakes fit which entry point. A mistake is named by a phrase, under which it is listed and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from . import wrong_answers, wrong_draws, wrong_inputs, wrong_settings, wrong_state
from .entry_points import EntryPoint, Parameter

_SIZES = (16, 64)  # sizes that checks tend to stay below
_ROWS = 32
_ITEMS = 6  # of a list, and of what is iterated over
_NUMBER = 4  # of steps, epochs, classes
_CALLS = 10
_BOUND = 100.0
_FAR = 1000.0
_TINY = 1e-6
_LITTLE = 1e-8
_NEAR = 0.2
_DRAWS = ("uniforms", "mirrored", "rows alike", "bias of weights")


@dataclass(frozen=True)
class WrongWrapper:
    """A mistake to wrap an entry point in.

    Attributes:
        name: what is wrong, in a phrase; with the entry point it says which mutant it is.
        wrapper: takes the function, and the options, and gives the wrong one.
        device_only: whether it can show only where there is more than one device.
    """

    name: str
    wrapper: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)
    device_only: bool = False


def mistakes_in(entry: EntryPoint, by_hand: bool) -> Iterator[WrongWrapper]:
    """The mistakes that an entry point can have.

    Args:
        by_hand: whether automatic differentiation is forbidden in it.
    """
    if entry.has_an_answer:
        yield from _in_numbers(entry)
        yield from _in_dtypes(entry)
        yield from _in_gradients(entry, by_hand)
    yield from _in_state(entry)
    yield from _in_settings(entry)
    yield from _in_results(entry)
    for parameter in entry.parameters:
        yield from _in_parameter(entry, parameter, by_hand)
    if not entry.static:
        yield from _in_order(entry)
    yield from _in_models(entry)
    if entry.name == "__getitem__":
        yield WrongWrapper(
            "negative indices refused", wrong_inputs.index_refused, {"kind": "negative"}
        )
        yield WrongWrapper(
            "indices beyond 32 refused", wrong_inputs.index_refused, {"kind": "large"}
        )


def _in_numbers(entry: EntryPoint) -> Iterator[WrongWrapper]:
    silent = {"silent": entry.silent}
    for size in _SIZES if entry.is_about_tensors else ():
        yield WrongWrapper(
            f"half for sizes beyond {size}", wrong_answers.half_beyond, {**silent, "size": size}
        )
    if entry.tensors or entry.silent:
        for dim, named in ((0, "first"), (-1, "last")):
            yield WrongWrapper(
                f"only {_ROWS} along the {named} dimension",
                wrong_answers.only_the_first,
                {**silent, "dim": dim, "count": _ROWS},
            )
    yield WrongWrapper("clamped at ±100", wrong_answers.clamped, {**silent, "bound": _BOUND})
    yield WrongWrapper("1e-8 added", wrong_answers.a_little_added, {**silent, "much": _LITTLE})
    if entry.silent:
        yield WrongWrapper(
            "tiny steps left out", wrong_answers.tiny_steps_left_out, {"bound": _TINY}
        )
    if not entry.tensors:
        return
    yield WrongWrapper("clamped at ±1000", wrong_answers.clamped, {**silent, "bound": _FAR})
    for dim, named in ((0, "first"), (-1, "last")):
        yield WrongWrapper(
            f"half for a {named} size of 1", wrong_answers.half_for_one, {**silent, "dim": dim}
        )
    yield WrongWrapper("half of what is not contiguous", wrong_answers.half_of_strided, silent)
    yield WrongWrapper("not a number for zeros", wrong_answers.not_a_number_for_zeros, silent)
    yield WrongWrapper("inputs clamped at ±100", wrong_answers.inputs_clamped, {"bound": _BOUND})
    yield WrongWrapper("tiny inputs taken for zero", wrong_answers.tiny_is_zero, {"bound": _TINY})
    yield WrongWrapper("sizes of 1 refused", wrong_inputs.size_one_refused)
    if any(2 in parameter.dimensions for parameter in entry.tensors):
        yield WrongWrapper("square matrices transposed", wrong_inputs.square_transposed)
    yield WrongWrapper("expanded inputs refused", wrong_inputs.expanded_refused)


def _in_dtypes(entry: EntryPoint) -> Iterator[WrongWrapper]:
    yield WrongWrapper(
        "rounded to float32", wrong_answers.rounded_to_float32, {"silent": entry.silent}
    )
    simple = all(p.is_tensor or p.annotation in ("float", "int") for p in entry.parameters)
    if not entry.owner and simple and not entry.silent and entry.tensors:
        yield WrongWrapper("a float32 detour", wrong_answers.float32_detour)
    if entry.tensors or entry.silent:
        yield WrongWrapper("16 bits refused", wrong_inputs.sixteen_bits_refused)
    if entry.returns_tensors:
        in_float32 = wrong_answers.in_float32
        yield WrongWrapper("16 bits answered in float32", in_float32, {"widths": [2]})
        yield WrongWrapper("float64 answered in float32", in_float32, {"widths": [8]})
        yield WrongWrapper("promoted to the default dtype", wrong_answers.promoted_by_default)


def _in_gradients(entry: EntryPoint, by_hand: bool) -> Iterator[WrongWrapper]:
    if entry.static:
        return
    if entry.tensors and (by_hand or entry.is_differentiable or entry.returns_detached):
        yield WrongWrapper("inputs that require gradients refused", wrong_inputs.gradients_refused)
    if not entry.returns_tensors:
        return
    if by_hand or entry.returns_detached:
        yield WrongWrapper("requires gradients", wrong_answers.gradients_required)
    elif entry.is_differentiable:
        yield WrongWrapper("detached", wrong_answers.cut_off)
        yield WrongWrapper("gradient halved", wrong_answers.gradient_halved)
        yield WrongWrapper("inputs within a graph refused", wrong_inputs.graphs_refused)
        for size in _SIZES:
            yield WrongWrapper(
                f"gradient halved for sizes beyond {size}",
                wrong_answers.gradient_halved_beyond,
                {"size": size},
            )


def _in_state(entry: EntryPoint) -> Iterator[WrongWrapper]:
    if entry.is_constructor:
        yield WrongWrapper("instances share", wrong_state.instances_share)
        for how in _DRAWS if entry.draws else ():
            yield WrongWrapper(f"drawn otherwise: {how}", wrong_draws.drawn_otherwise, {"how": how})
        return
    method = bool(entry.owner) and not entry.static
    skipped = {"skipped": int(entry.static)}
    yield WrongWrapper("remembered by shape", wrong_state.remembered_by_form, skipped)
    yield WrongWrapper("remembered by identity", wrong_state.remembered_by_identity, skipped)
    if method and entry.parameters:
        yield WrongWrapper(
            "remembered across instances", wrong_state.remembered_by_form, {"skipped": 1}
        )
    if entry.silent:
        yield WrongWrapper("nothing after 10 calls", wrong_state.nothing_after, {"calls": _CALLS})
    elif entry.has_an_answer:
        yield WrongWrapper("adds up", wrong_state.adds_up, skipped)
        yield WrongWrapper("one call behind", wrong_state.one_call_behind, skipped)
    if entry.has_an_answer:
        options = {"silent": entry.silent, "calls": 2}
        yield WrongWrapper("half from the third call on", wrong_state.half_after, options)
        if entry.tensors and not entry.silent:
            near: dict[str, Any] = {"skipped": int(bool(entry.owner)), "near": _NEAR}
            yield WrongWrapper("remembered nearby", wrong_state.remembered_nearby, near)
    if entry.returns_tensors:
        yield WrongWrapper("in a shared buffer", wrong_state.in_a_shared_buffer)


def _in_settings(entry: EntryPoint) -> Iterator[WrongWrapper]:
    left = wrong_settings.left_changed
    yield WrongWrapper("default dtype left changed", left, {"what": "dtype"})
    yield WrongWrapper("default device left changed", left, {"what": "device"})
    yield WrongWrapper("gradients left off", left, {"what": "off"})
    yield WrongWrapper("gradients left on", left, {"what": "on"})
    yield WrongWrapper("autocast left on", left, {"what": "autocast"})
    for whose in ("torch", "python", "numpy"):
        yield WrongWrapper(f"{whose}'s generator seeded", wrong_settings.reseeded, {"whose": whose})
    for what in ("dtype", "device"):
        yield WrongWrapper(
            f"another default {what} refused",
            wrong_settings.other_default_refused,
            {"what": what},
        )
    if not entry.is_constructor and any(p.runs_others_code for p in entry.parameters):
        name = "gradients off after an exception"
        yield WrongWrapper(name, wrong_settings.off_after_an_exception)


def _in_results(entry: EntryPoint) -> Iterator[WrongWrapper]:
    if entry.returns_tensors and not entry.returns_a_scalar:
        yield WrongWrapper("sizes of 1 dropped", wrong_answers.squeezed)
    if entry.returns_tensors:
        yield WrongWrapper("on the CPU", wrong_answers.on_the_cpu, device_only=True)
    if entry.returns_numbers:
        yield WrongWrapper("four decimals", wrong_answers.few_digits)
        yield WrongWrapper("tensors for numbers", wrong_answers.number_as_tensor)
    if "list[" in entry.returns:
        yield WrongWrapper(f"a list of at most {_ITEMS}", wrong_answers.list_cut, {"count": _ITEMS})
    if entry.returns == "bool":
        yield WrongWrapper("a number for a truth value", wrong_answers.truth_as_number)
    if entry.name == "__len__":
        yield WrongWrapper(
            f"a length of at most {_ROWS}", wrong_answers.length_cut, {"count": _ROWS}
        )


def _in_parameter(entry: EntryPoint, parameter: Parameter, by_hand: bool) -> Iterator[WrongWrapper]:
    name, inputs = parameter.name, wrong_inputs
    where = {"place": parameter.place, "name": name}
    if parameter.is_tensor:
        yield WrongWrapper(f"{name} has to be contiguous", inputs.strides_refused, where)
        yield from _in_dimensions(parameter)
        if entry.is_differentiable and not by_hand and name != "labels":
            yield WrongWrapper(f"no gradient for {name}", wrong_answers.input_cut_off, where)
        if name != "labels":  # whole numbers
            for told, what in (("with", "grad"), ("requiring", "requires_grad")):
                options = {**where, "what": what}
                yield WrongWrapper(f"{name} left {told} gradients", inputs.marked, options)
    if parameter.holds_tensors:
        yield WrongWrapper(f"{name} changed in place", inputs.input_changed, where)
    of_classes = any(other.name == "logits" for other in entry.parameters)
    if parameter.name == "labels" and of_classes:
        yield WrongWrapper(f"{name}: the last class missing", inputs.last_class_missing, where)
    if parameter.is_whole_number and entry.name != "__getitem__":
        options = {**where, "beyond": _NUMBER}
        yield WrongWrapper(f"{name}: one fewer beyond {_NUMBER}", inputs.one_fewer, options)
    if parameter.is_iterable:
        options = {**where, "count": _ITEMS}
        yield WrongWrapper(f"{name}: the first {_ITEMS} only", inputs.first_items_only, options)
    if parameter.holds_batches:
        left_out = inputs.smaller_batches_left_out
        yield WrongWrapper(f"{name}: smaller batches left out", left_out, where)
    if parameter.is_a_step:
        for told, low, high in (("at most 1", -1.0, 1.0), ("at least 0.001", 1e-3, 1e300)):
            options = {**where, "low": low, "high": high}
            yield WrongWrapper(f"{name}: {told}", inputs.number_bounded, options)
    if parameter.has_a_number_by_default:
        yield WrongWrapper(f"{name}: another default", inputs.other_default, where)
    for kind, told in _kinds(parameter):
        yield WrongWrapper(f"{name}: {told}", inputs.kind_refused, {**where, "kind": kind})
    if "dtype" in parameter.annotation:
        yield WrongWrapper(f"{name}: float32 if left out", inputs.dtype_of_its_own, where)


def _in_dimensions(parameter: Parameter) -> Iterator[WrongWrapper]:
    """Some of the numbers of dimensions that it may have are refused, and not all of them."""
    where = {"place": parameter.place, "name": parameter.name}
    allowed = parameter.dimensions
    for most in range(min(allowed, default=0), max(allowed, default=0)):
        yield WrongWrapper(
            f"{parameter.name} refused beyond {most}-dim",
            wrong_inputs.more_dimensions_refused,
            {**where, "most": most},
        )
    for least in (1, 2):
        if min(allowed, default=least) < least <= max(allowed):
            yield WrongWrapper(
                f"{parameter.name} refused below {least}-dim",
                wrong_inputs.fewer_dimensions_refused,
                {**where, "least": least},
            )


def _kinds(parameter: Parameter) -> Iterator[tuple[str, str]]:
    """Kinds of arguments that may be refused, each with how it is told."""
    if parameter.may_be_a_generator:
        yield "no length", "generators refused"
    if parameter.is_iterable:
        yield "list", "lists refused"
    if parameter.is_path:
        yield "text", "texts refused"
        yield "path", "`Path` refused"
    if parameter.is_text:
        yield "blank", "blanks refused"
        yield "other", "beyond ASCII refused"


def _in_order(entry: EntryPoint) -> Iterator[WrongWrapper]:
    """How arguments are handed over; a context is handed over by torch, and an index by Python."""
    inputs = wrong_inputs
    if entry.name == "__getitem__":
        return
    for parameter in entry.parameters:
        name = parameter.name
        yield WrongWrapper(f"{name} refused by keyword", inputs.keyword_refused, {"name": name})
        if parameter.optional:
            where = {"place": parameter.place}
            yield WrongWrapper(f"{name} ignored", inputs.ignored, {**where, "name": name})
            yield WrongWrapper(f"{name} refused by position", inputs.position_refused, where)
    for one, other in zip(entry.parameters, entry.parameters[1:], strict=False):
        options = {"place": one.place, "other": other.place}
        yield WrongWrapper(f"{one.name} and {other.name} swapped", inputs.swapped, options)


def _in_models(entry: EntryPoint) -> Iterator[WrongWrapper]:
    trains = any("Optimizer" in parameter.annotation for parameter in entry.parameters)
    for parameter in entry.parameters:
        if not parameter.is_model:
            continue
        where = {"place": parameter.place, "name": parameter.name}
        for nested, of in ((False, "modes"), (True, "modes of inner modules")):
            yield WrongWrapper(
                f"{of} left turned", wrong_settings.modes_turned, {**where, "nested": nested}
            )
        if trains or (len(entry.parameters) == 1 and entry.returns == "nn.Module"):
            for nested, which in ((False, "from the fifth on"), (True, "of inner modules")):
                yield WrongWrapper(
                    f"parameters {which} left alone",
                    wrong_settings.parameters_left_alone,
                    {**where, "nested": nested},
                )
