"""Servers that tests start on loopback, and end: PostgreSQL, and a Dask cluster."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL

import pytest

START_SECONDS = 100
Process = subprocess.Popen[bytes]


def wait_until(condition: Callable[[], object], seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} seconds in vain"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(process: Process, number: int = signal.SIGTERM) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a server of this test's own, without the database's name; skips where there is no PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (str(found[-1]) if found else None)
    if initdb is None:
        pytest.skip("PostgreSQL's programs are not installed here")
    programs = Path(initdb).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="grader-pg-"))
    as_user: list[str] = []
    if os.getuid() == 0:  # root may not run it
        if not shutil.which("setpriv"):
            pytest.skip("root may not run PostgreSQL, and there is no setpriv to be another user")
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        user = f"--reuid={nobody.pw_uid}"
        as_user = ["setpriv", user, f"--regid={nobody.pw_gid}", "--clear-groups"]
    data = folder / "data"
    settings: dict[str, object] = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "fsync": "off",
    }
    server: Process | None = None
    port = 0
    try:
        made = f"{programs}/initdb -D {data} -U grader -A trust -E UTF8 --no-sync".split()
        subprocess.run([*as_user, *made], check=True, cwd=folder, stdin=DEVNULL, stdout=DEVNULL)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*as_user, str(programs / "postgres"), "-D", str(data), *options]

        def start() -> tuple[Process, int]:
            port = free_port()
            with (folder / "log").open("ab") as log:
                running = subprocess.Popen(
                    [*command, "-c", f"port={port}"],
                    cwd=folder, stdin=DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip
            return running, port

        def ready() -> bool:
            nonlocal server, port
            assert server
            if server.poll() is not None:  # another took the port meanwhile
                server, port = start()
            ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            return subprocess.run(ask, check=False).returncode == 0 and server.poll() is None

        server, port = start()
        wait_until(ready)
        yield f"postgresql://grader@127.0.0.1:{port}"
    finally:
        if server:
            end(server, signal.SIGQUIT)  # at once: nobody is waited for, and nothing kept
        shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """A Dask scheduler, and workers of a process each. Attributes: file: the scheduler's, to find it by."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.workers: list[Process] = []
        arguments = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self.scheduler = self._start("dask_scheduler", *arguments)
        wait_until(self.file.exists)
        wait_until(lambda: self.address)

    @property
    def address(self) -> str:
        with suppress(ValueError):  # not yet written to its end
            return str(json.loads(self.file.read_text())["address"])
        return ""

    def add_worker(self) -> Process:
        worker = self._start(
            "dask_worker", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--local-directory", str(self.folder), "--memory-limit", "0",
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def _start(self, module: str, *arguments: str) -> Process:
        with (self.folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", str(self.file), *arguments],
                cwd=self.folder, stdin=DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def close(self) -> None:
        for worker in self.workers:
            end(worker)
        end(self.scheduler)


@contextmanager
def dask_cluster(workers: int) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="grader-dask-"))
    try:
        cluster = Cluster(folder)
        try:
            for _ in range(workers):
                cluster.add_worker()
            yield cluster
        finally:
            cluster.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
