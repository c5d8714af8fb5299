"""What keeps children from a GPU is found by trying; where there is none, a stand-in does what its driver does."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from grader.errors import SandboxLost
from grader.sandbox import Sandbox
from grader.sandbox.isolation import gpu_diagnosis
from grader.sandbox.isolation.confinement import LANDLOCK, PRIVILEGES, SECCOMP
from grader.sandbox.isolation.gpu_diagnosis import LAYERS, explain
from tests.sandbox.gpu_stand_in import GpuStandIn

pytestmark = pytest.mark.xdist_group("cuda_child")


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GpuStandIn]:
    made = GpuStandIn(tmp_path, monkeypatch)
    yield made
    made.close()


def test_what_the_driver_does_is_let_through(pretend: GpuStandIn) -> None:
    assert pretend.start().absent("cuda") == ""


@pytest.mark.parametrize(
    ("driver", "layer"),
    [
        ("socket.socket(socket.AF_UNIX).connect(address)", SECCOMP),
        ("open('/proc/self/comm', 'w').close()", LANDLOCK),
        ("assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 128", gpu_diagnosis.LIMITS),
    ],
)
def test_the_layer_in_the_way_is_found_by_trying(
    cuda_sandbox: Sandbox, pretend: GpuStandIn, driver: str, layer: str
) -> None:
    told = pretend.start(driver).absent("cuda")
    assert f"The sandbox is the cause: without {layer} it works. Please report" in told


def test_what_is_not_the_sandboxs_fault_is_told(pretend: GpuStandIn) -> None:
    said = "The NVIDIA driver on your system is too old (found version 11040)."
    sandbox = pretend.start(f"raise RuntimeError({said!r})", ahead=1)
    told = sandbox.absent("cuda")
    assert told.startswith(f"RuntimeError: {said}")
    assert "it is the same with none of its layers. Update the driver, or install a torch" in told
    with pytest.raises(SandboxLost, match=r"has no cuda: RuntimeError: The NVIDIA driver"):
        sandbox.open()


GPU = [Path("/dev/null")]


@pytest.mark.parametrize(
    ("in_the_way", "told"),
    [
        ([{SECCOMP}], "without seccomp it works"),
        ([{LANDLOCK}, {SECCOMP}], "Landlock and seccomp each stop it"),
        ([{LANDLOCK, SECCOMP}], "without Landlock or seccomp it works"),
        ([{LANDLOCK, SECCOMP}, {SECCOMP, PRIVILEGES}, {LANDLOCK, PRIVILEGES}], "several together"),
    ],
)  # fmt: skip
def test_layers_in_the_way(in_the_way: list[set[str]], told: str) -> None:
    """Each set of layers stops the GPU while all of them are on."""

    def attempt(without: Collection[str]) -> str:
        on = set(LAYERS) - set(without)
        return "broken" if any(together <= on for together in in_the_way) else ""

    assert told in explain("broken", attempt, GPU, "2.13.0", "13.0")


@pytest.mark.parametrize(
    ("nodes", "build", "told"),
    [
        ([], "13.0", "no device file of an NVIDIA GPU"),
        (GPU, None, "torch 2.13.0+cpu is built without CUDA. Install"),
        ([Path("/dev/grader-none")], "13.0", "this user may not open /dev/grader-none."),
    ],
)
def test_what_can_be_seen_without_a_try(nodes: list[Path], build: str | None, told: str) -> None:
    def attempt(without: Collection[str]) -> str:
        raise AssertionError("not to be tried")

    assert told in explain("broken", attempt, nodes, "2.13.0+cpu", build)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Error 304: OS call failed", "See what nvidia-smi says"),
        ("No CUDA GPUs are available", "CUDA_VISIBLE_DEVICES"),
    ],
)
def test_outside_the_sandbox_the_advice_fits_the_error(said: str, advice: str) -> None:
    assert advice in explain(said, lambda _: said, GPU, "2.13.0", "13.0")
