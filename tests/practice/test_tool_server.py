"""The tools as another program meets them: through the SDK's own client, over stdin and stdout."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from grader.course.catalog import Course
from grader.machines import Machines
from grader.practice.tool_server import StudentTools, server_of
from tests.conftest import ROOT

pytestmark = pytest.mark.drawn

Asking = Callable[[Any], Coroutine[Any, Any, None]]
WRONG = """
def predict(x, a, b):
    print("Content-Length: 3")
    return a * x


def mse(y_pred, y):
    return ((y_pred - y) ** 2).mean()
"""
# in an interpreter of its own, so that what is imported there can be seen
_SERVER = (
    "import sys\n"
    "from grader.__main__ import main\n"
    "sys.argv = ['grader', 'mcp', *sys.argv[1:]]\n"
    "main()\n"
)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A student's folder, with one exercise that is wrong and one that is not begun."""
    (tmp_path / "line_fit.py").write_text(WRONG)
    (tmp_path / "losses.py").write_text((ROOT / "exercises" / "losses.py").read_text())
    (tmp_path / ".grader").mkdir()
    return tmp_path


def over_stdio(folder: Path, asking: Asking, *arguments: str) -> None:
    """Starts the command as a client's configuration does, somewhere else than in the folder."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-P", "-c", _SERVER, "--from", str(folder), *arguments],
        env={"GRADER_LANG": "en", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        cwd=folder.parent,
    )

    async def talk() -> None:
        async with Client(stdio_client(server)) as client:
            await asking(client)

    anyio.run(talk)


def in_process(tools: StudentTools, asking: Asking) -> None:
    async def talk() -> None:
        async with Client(server_of(tools)) as client:
            await asking(client)

    anyio.run(talk)


async def data(client: Any, tool: str, **arguments: str) -> Any:
    """What a tool gives, which it says as text as well."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def sentence(client: Any, tool: str, **arguments: str) -> str:
    """What is told of a call that cannot be answered."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    [content] = result.content
    return str(content.text)


def schema(name: str) -> Any:
    return json.loads(files("grader").joinpath(f"{name}.schema.json").read_text("utf-8"))


@pytest.mark.timeout(300)  # three processes import torch
def test_a_programs_way_to_a_mistake(work: Path) -> None:
    """From the list to the line, in Korean; what the student's code prints is no part of the protocol."""

    async def asking(client: Any) -> None:
        listed = await client.list_tools()
        assert {tool.name for tool in listed.tools} == {
            "list_exercises",
            "statement",
            "check",
            "explain",
        }
        assert "no solution" in (client.instructions or "")
        states = {each["name"]: each for each in (await data(client, "list_exercises"))["result"]}
        assert states["line_fit"]["state"] == "unknown"
        assert states["losses"]["state"] == "not_attempted"
        report = await data(client, "check", name="line_fit")
        jsonschema.validate(report, schema("report"))
        told = await data(client, "explain", name="LineFit")
        jsonschema.validate(told, schema("explanation"))
        assert told["language"] == report["language"] == "ko"
        assert told["score"] == report["score"]
        [failure] = [each for each in told["failures"] if each["check"] == "predict"]
        assert (failure["look_at"]["file"], failure["look_at"]["line"]) == ("line_fit.py", 2)
        assert "Content-Length: 3" in failure["printed"]
        # as after `grader check`
        states = {each["name"]: each for each in (await data(client, "list_exercises"))["result"]}
        assert (states["line_fit"]["state"], states["line_fit"]["score"]) == (
            report["exercises"][0]["status"],
            report["score"],
        )

    over_stdio(work, asking, "--lang", "ko", "--device", "cpu")


def test_a_wrong_call_is_a_sentence(work: Path, course: Course) -> None:
    async def asking(client: Any) -> None:
        told = await sentence(client, "statement", name="nothing")
        assert "There is no exercise 'nothing'" in told
        assert "line_fit" in told
        # what a terminal or a reader would obey is written out, and a flood is cut
        told = await sentence(client, "statement", name="/etc/\x1b[2J\u202e.py")
        assert r"/etc/\x1b[2J\u202e.py is a file in another folder" in told
        assert len(await sentence(client, "statement", name="x" * 100_000)) < 1000
        assert "holds no exercise to grade" in await sentence(client, "check", name="my_linear")
        assert "holds no exercise to grade" in await sentence(client, "explain", name="my_linear")
        assert "name" in await sentence(client, "explain")

    in_process(StudentTools(work, course, None, ("cpu",)), asking)


def test_a_statement_has_the_stub_and_no_solution(work: Path, course: Course) -> None:
    async def asking(client: Any) -> None:
        for exercise in course.exercises:
            told = await data(client, "statement", name=exercise.name)
            assert told["stub"] == exercise.stub.read_text(encoding="utf-8")
            assert told["statement"].startswith(told["title"])
            assert set(told["to_write"]) == set(exercise.entry_points)

    in_process(StudentTools(work, course, None, ("cpu",)), asking)


def test_where_a_check_failed_its_text_is_not_shown(
    work: Path, course: Course, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.report import Report
    from tests.hostile import a_fault, report_of

    def failed(*_: object, **__: object) -> Report:
        return report_of([a_fault("line_fit")])

    async def asking(client: Any) -> None:
        report = await data(client, "check", name="line_fit")
        assert report["score"] is None
        assert "SECRET" not in json.dumps(report)

    monkeypatch.setattr("grader.practice.tool_server.grade", failed)
    in_process(StudentTools(work, course, None, ("cpu",), machines), asking)


def test_ctrl_c_ends_it_while_the_client_still_holds_its_input(work: Path) -> None:
    request = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "a client", "version": "1"},
        },
    }
    command = [sys.executable, "-P", "-c", _SERVER, "--from", str(work)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        try:
            server.stdin.write(json.dumps(request).encode() + b"\n")
            server.stdin.flush()
            assert b"serverInfo" in server.stdout.readline()
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=60) == -signal.SIGINT
        finally:
            server.kill()


def test_torch_waits_until_something_is_graded(work: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader import load_course\n"
        "from grader.practice.tool_server import StudentTools, server_of\n"
        f"tools = StudentTools(Path({str(work)!r}), load_course(), None, ('cpu',))\n"
        "server_of(tools), tools.list_exercises(), tools.statement('losses')\n"
        "print('torch' in sys.modules, tools._machines)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False None\n"
