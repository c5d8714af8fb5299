"""From a student's code, nothing leads to what decides what is told of it."""

from __future__ import annotations

import gc
import importlib
import sys
import types
from dataclasses import replace
from functools import partial

import pytest
import torch

from grader.sandbox import Sandbox
from grader.sandbox.inside import concealed
from grader.sandbox.wire.values import code_of, encode
from tests.children import call, load

# what each way below has found: files of ours in which a function is, or that a frame was in
SEARCH = """
import builtins, contextlib, gc, json, os, random, signal, sys, threading, types, weakref
import torch

OURS = ("server.py", "values.py", "messages.py", "trace.py", "forbidden.py", "manners.py", "steps.py")
OURS += ("concealed.py", "zygote.py")
KNOWN = {"describe", "new_trace", "keep_switched_on", "_mark_code", "class_place"}
found = []

def file_of(code):
    name = code.co_filename
    return "/sandbox/" in name and name.endswith(OURS)

def look(frame):
    while frame is not None:
        if file_of(frame.f_code):
            found.append(frame.f_code.co_name)
        names = frame.f_globals
        if "new_trace" in names or "describe" in names or "pack" in names:
            found.append("globals of " + frame.f_code.co_name)
        frame = frame.f_back

def see():
    look(sys._getframe(1))

def spy(function):
    def spied(*arguments, **named):
        look(sys._getframe(1))
        return function(*arguments, **named)
    return spied

def functions(things):
    for thing in things:
        if isinstance(thing, types.FunctionType) and KNOWN & thing.__globals__.keys():
            found.append(thing.__name__)
        if type(thing) is dict and ("todo" in thing or {"seen", "new_trace"} <= set(thing)):
            found.append(sorted(map(str, thing))[:9])
        if isinstance(thing, types.ModuleType) and "describe" in vars(thing):
            found.append(thing.__name__)

"""
WAYS = {
    "frames": "def f():\n    look(sys._getframe())\n    return 1\n",
    "a traceback": (
        "def f():\n    try: 1 / 0\n    except ZeroDivisionError as error:\n"
        "        look(error.__traceback__.tb_frame)\n    return 1\n"
    ),
    "the garbage collector": "def f():\n    gc.unfreeze()\n    functions(gc.get_objects())\n    return 1\n",
    "what objects refer to": (
        "def f():\n    gc.unfreeze()\n    seen, todo = {}, gc.get_objects()\n"
        "    while todo:\n        one = todo.pop()\n"
        "        if id(one) not in seen:\n            seen[id(one)] = one\n"
        "            todo += gc.get_referents(one)\n"
        "    functions(list(seen.values()))\n    return 1\n"
    ),
    "classes": (
        "def f():\n    todo, seen = [object], set()\n    while todo:\n        one = todo.pop()\n"
        "        for each in type.__subclasses__(one):\n"
        "            if each not in seen:\n                seen.add(each)\n                todo.append(each)\n"
        "                for thing in list(vars(each).values()):\n"
        "                    thing = getattr(thing, 'fget', None) or getattr(thing, '__func__', thing)\n"
        "                    functions([thing])\n"
        "    return 1\n"
    ),
    "modules": "functions(list(sys.modules.values()))\nf = lambda: 1\n",
    "built-in functions": (
        "for name in ('len', 'isinstance', 'issubclass', 'iter', 'next', 'all', 'any', 'sum', 'sorted',\n"
        "             'max', 'min', 'getattr', 'id', 'repr', 'vars', 'exec', 'compile'):\n"
        "    setattr(builtins, name, spy(getattr(builtins, name)))\n"
        "f = lambda: [torch.ones(2), {'a': 1.5}]\n"
    ),
    "torch's functions": (
        "for name in ('detach', 'cpu', 'copy_', 'clone', 'stride', 'is_contiguous', 'requires_grad_'):\n"
        "    setattr(torch.Tensor, name, spy(getattr(torch.Tensor, name)))\n"
        "for name in ('dtype', 'device', 'shape', 'layout', 'requires_grad', 'is_cpu'):\n"
        "    setattr(torch.Tensor, name, property(spy(getattr(torch.Tensor, name).__get__)))\n"
        "torch.frombuffer, torch.empty = spy(torch.frombuffer), spy(torch.empty)\n"
        "f = lambda: torch.ones(2)\n"
    ),
    "functions of the library": (
        "json.dumps, json.loads = spy(json.dumps), spy(json.loads)\n"
        "json.JSONDecoder.decode = spy(json.JSONDecoder.decode)\n"
        "json.JSONEncoder.encode = spy(json.JSONEncoder.encode)\n"
        "json.JSONEncoder.iterencode = spy(json.JSONEncoder.iterencode)\n"
        "os.read, os.write = spy(os.read), spy(os.write)\n"
        "contextlib._GeneratorContextManager.__enter__ = spy(contextlib._GeneratorContextManager.__enter__)\n"
        "types.SimpleNamespace = spy(types.SimpleNamespace)\n"
        "f = lambda: [torch.ones(2), 1.5]\n"
    ),
    "an audit hook": (
        "busy = []\n"
        "def hook(event, _):\n    if not busy:\n        busy.append(1)\n"
        "        look(sys._getframe())\n        busy.clear()\n"
        "sys.addaudithook(hook)\nf = lambda: torch.ones(2)\n"
    ),
    "an audit hook, and an exception": (
        "busy = []\n"
        "def hook(event, _):\n    if not busy:\n        busy.append(1)\n"
        "        look(sys._getframe())\n        busy.clear()\n"
        "sys.addaudithook(hook)\n"
    ),
    "a profiler": (
        "sys.setprofile(lambda frame, *_: look(frame))\nsys.settrace(lambda frame, *_: look(frame))\n"
        "def f():\n    sys.setprofile(lambda frame, *_: look(frame))\n"
        "    sys.settrace(lambda frame, *_: look(frame))\n    return torch.ones(2)\n"
    ),
    "a profiler of every thread": (
        "f = lambda: 1\n"
        "for name in ('setprofile', 'settrace'):\n"
        "    with contextlib.suppress(AttributeError):\n"
        "        getattr(threading, name + '_all_threads')(lambda frame, *_: look(frame))\n"
        "assert not hasattr(sys, '_current_frames')\n"
    ),
    "monitoring": (
        "def f():\n"
        "    if monitoring := getattr(sys, 'monitoring', None):\n"
        "        if not monitoring.get_tool(0):\n            monitoring.use_tool_id(0, 'mine')\n"
        "        monitoring.register_callback(0, monitoring.events.PY_START, lambda *_: see())\n"
        "        monitoring.set_events(0, monitoring.events.PY_START)\n"
        "    return torch.ones(2)\n"
    ),
    "a signal": (
        "signal.signal(signal.SIGALRM, lambda _, frame: look(frame))\n"
        "signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)\nf = lambda: [torch.ones(2)] * 100\n"
    ),
    "the end of an object": (
        "class Last:\n    def __del__(self):\n        see()\n"
        "gc.callbacks.append(lambda *_: see())\n"
        "def f():\n    gc.set_threshold(1)\n    last = Last()\n    weakref.finalize(last, lambda: see())\n"
        "    return [last, torch.ones(2)]\n"
    ),
    "the methods of a value": (
        "class Meta(type):\n"
        "    def __getattribute__(cls, name):\n        see()\n        return type.__getattribute__(cls, name)\n"
        "    def __eq__(cls, other):\n        see()\n        return True\n"
        "    __hash__ = type.__hash__\n"
        "def watched(base):\n"
        "    names = {name: spy(getattr(base, name)) for name in ('__getattribute__', '__str__', '__repr__',\n"
        "             '__eq__', '__ge__', '__le__', '__lt__', '__iter__', '__len__', '__getitem__', '__float__',\n"
        "             '__int__', 'items')\n"
        "             if hasattr(base, name)}\n"
        "    return Meta('Watched', (base,), {**names, '__class__': property(spy(lambda self: int))})\n"
        "def f():\n"
        "    return [watched(list)([1]), watched(tuple)((1,)), watched(dict)(a=1), watched(str)('a'),\n"
        "            watched(int)(1), watched(float)(1.5), watched(object)(), Meta('Empty', (), {})]\n"
    ),
    "tensors of a class": (
        "class Mine(torch.Tensor):\n"
        "    @classmethod\n    def __torch_function__(cls, function, types, args=(), kwargs=None):\n"
        "        see()\n        return super().__torch_function__(function, types, args, kwargs or {})\n"
        "class Dispatched(torch.Tensor):\n"
        "    @classmethod\n    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):\n"
        "        see()\n        return function(*args, **kwargs or {})\n"
        "def f():\n    with torch._C.DisableTorchFunctionSubclass():\n"
        "        return [torch.ones(2).as_subclass(Mine), torch.Tensor._make_subclass(Dispatched, torch.ones(2))]\n"
    ),
    "modes of torch that are left on": (
        "from torch.overrides import TorchFunctionMode\nfrom torch.utils._python_dispatch import TorchDispatchMode\n"
        "class Functions(TorchFunctionMode):\n"
        "    def __torch_function__(self, function, types, args=(), kwargs=None):\n"
        "        see()\n        return function(*args, **kwargs or {})\n"
        "class Dispatch(TorchDispatchMode):\n    def __torch_dispatch__(self, function, types, args=(), kwargs=None):\n"
        "        see()\n        return function(*args, **kwargs or {})\n"
        "modes, left_on = [Functions(), Dispatch()], []\n"
        "for mode in modes:  # what torch imports at the first time takes seconds\n"
        "    with mode:\n        torch.ones(2)\n"
        "def f():\n    while modes:\n        left_on.append(modes.pop().__enter__())\n    return torch.ones(2)\n"
    ),
    "what is printed to": (
        "class Out:\n    def write(self, text):\n        see()\n"
        "    def flush(self):\n        see()\n"
        "sys.stdout = sys.stderr = Out()\nf = lambda: torch.ones(2)\n"
    ),
    "the text of an exception": (
        "class Odd(SyntaxError):\n"
        "    def __str__(self):\n        see()\n        return 'a'\n"
        "    def __getattribute__(self, name):\n        see()\n        return super().__getattribute__(name)\n"
        "def f():\n    raise Odd\n"
    ),
    "the probe's own names": "def f():\n    functions(list(sys._getframe(1).f_globals.values()))\n    return 1\n",
}
PROBE = "def go(student, x):\n    return student.f()\n"
TELL = "def go(student):\n    return [str(each) for each in student.found]\n"


@pytest.mark.parametrize(
    ("way", "device"),
    [(way, "cpu") for way in WAYS]
    + [(way, "sim") for way in WAYS if "torch" in way or "of" in way],
)
def test_no_way_leads_to_the_server(
    sandbox: Sandbox, way: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the search takes seconds on a machine that is busy
    monkeypatch.setattr(sandbox, "limits", replace(sandbox.limits, call_seconds=60))
    sandbox.open(["torch._dynamo"])  # which keeps a copy of the list of modules
    child, header = load(sandbox, SEARCH + WAYS[way])
    assert "error" not in header, header
    arguments, block = encode({"x": torch.ones(2, requires_grad=True)})
    request = {"probe": "go", "code": code_of(PROBE), "arguments": arguments, "seed": 1}
    rules = {"by hand": True, "from scratch": ["torch.nn.Linear"]}
    twice = None if way == "what objects refer to" else "plain"  # which takes long as it is
    for trace, rehearsal in ((None, None), (rules, None), (None, twice)):
        more = {"device": device, "trace": trace, "rehearsal": rehearsal}
        child.call({**request, **more}, block)
    assert call(child, TELL) == []
    child.close()


KEPT: list[object] = []  # what is concealed is never to be freed


def test_what_is_concealed_is_on_no_list() -> None:
    def function() -> None: ...

    inner = partial(function)
    namespace = types.SimpleNamespace(steps=[inner], names={"a": 1})
    KEPT.append(namespace)
    concealed.conceal_all([namespace])
    hidden = [namespace, vars(namespace), namespace.steps, inner, inner.args, function]
    assert not [each for each in hidden if gc.is_tracked(each)]
    assert gc.is_tracked(sys.modules)


def test_a_step_conceals_what_has_come_back() -> None:
    names: dict[str, object] = {}
    step = concealed.conceal(names)
    names["a"] = []
    assert gc.is_tracked(names)
    step()
    assert not gc.is_tracked(names)


def test_a_module_apart_has_built_in_functions_of_its_own() -> None:
    name = "grader.sandbox.inside.steps"
    before = importlib.import_module(name)
    try:
        concealed.import_apart([name])
        apart = sys.modules[name]
        KEPT.append(apart)
        assert apart is not before
        assert apart.runner.__builtins__["len"] is len
        assert apart.runner.__builtins__ is not before.runner.__builtins__
        assert not gc.is_tracked(vars(apart))
    finally:
        sys.modules[name] = before
