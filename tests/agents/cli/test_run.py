"""`santunan run`: worker and gateway as two processes, which begin, answer and end together."""

import importlib.util
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import typer

from agents.cli import gateway
from agents.cli.run import run
from agents.services.servers import free_ports
from agents.worker import supervisor
from pipeline.errors import NotReady
from tests.support.command_line import accident, is_running, santunan
from tests.support.gateway import Client
from tests.support.http import asked
from tests.support.run import children_of, running, wait_for


def test_an_event_over_http_is_decided_and_ctrl_c_ends_every_process(tmp_path: Path) -> None:
    santunan("access", "add", "clinic", "plkk-0001", cwd=tmp_path)
    key = santunan("access", "key", "clinic:plkk-0001", cwd=tmp_path).out.strip()
    [port] = free_ports(1)
    with running(tmp_path, port) as program:
        client = Client(port, key)
        assert client.event(accident().encode()).status == 202
        found = client.get("/v1/claims/JKK-1?wait=25")
        assert (found.status, found.json["outcome"]) == (200, "REJECTED"), "nobody registered the member"
        processes = children_of(program)
        assert len(processes) == 3
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=30)
    assert program.returncode == 0, said
    assert not any(map(is_running, processes))


@pytest.mark.parametrize("is_held", [False, True])
def test_ctrl_c_for_every_process_ends_a_request_that_waits_with_a_problem(is_held: bool, tmp_path: Path) -> None:
    """Sent to every process at once, while the supervisor sends its own; held down, it meets each step of the end."""
    santunan("access", "add", "clinic", "plkk-0001", cwd=tmp_path)
    key = santunan("access", "key", "clinic:plkk-0001", cwd=tmp_path).out.strip()
    [port] = free_ports(1)
    with running(tmp_path, port) as program, ThreadPoolExecutor() as threads:
        client = Client(port, key)
        waits = [
            threads.submit(client.get, "/v1/claims/JKK-9?wait=25"),
            threads.submit(client.get, "/v1/decisions?wait=25"),
        ]
        wait_for(lambda: b"santunan_http_waiting_requests 2.0" in client.get("/metrics").raw)
        processes = [program.pid, *children_of(program)]
        for one in processes:
            os.kill(one, signal.SIGINT)
        while is_held and any(map(is_running, processes[1:])):
            for one in processes:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGINT)
            time.sleep(0.001)
        claim, feed = (one.result(timeout=20) for one in waits)
        _, said = program.communicate(timeout=30)
    for found in (claim, feed):
        assert found.status in (200, 404, 503) and found.json, (found.status, found.raw)
        assert "json" in found.headers["content-type"]
        assert found.status != 503 or found.headers["retry-after"]
    assert program.returncode == 0 and "Traceback" not in said, said


def test_a_killed_gateway_is_started_again(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with running(tmp_path, port) as program:
        [process] = [one for one in children_of(program) if b"gateway" in Path(f"/proc/{one}/cmdline").read_bytes()]
        os.kill(process, signal.SIGKILL)
        wait_for(lambda: asked(port, "/ready")[0] == 0)
        wait_for(lambda: asked(port, "/ready")[0] == 200)
        program.terminate()
        assert program.wait(timeout=30) == 0
        assert program.stderr is not None and "The gateway was ended by SIGKILL" in program.stderr.read()


def test_no_process_outlives_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    [port] = free_ports(1)
    with running(tmp_path, port) as program:
        processes = children_of(program)
        assert len(processes) == 3
        program.kill()
        wait_for(lambda: not any(map(is_running, processes)))


def test_a_port_that_is_taken_ends_all_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = santunan("run", cwd=tmp_path, SANTUNAN_WEB_ADDRESS=address)
    assert ran.status == 78
    assert f"The gateway cannot run: SANTUNAN_WEB_ADDRESS {address} cannot be listened on" in ran.err


@pytest.mark.parametrize(
    ("options", "names"), [({}, ["The worker", "The gateway", "The webhooks"]), ({"gateway": False}, ["The worker"])]
)
def test_the_gateway_is_left_out_only_where_that_is_asked(
    options: dict[str, bool], names: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervisor, "supervise", lambda parts: given.extend(part.name for part in parts) or 0)
    with pytest.raises(typer.Exit):
        run(**options)
    assert given == names


def test_without_the_extra_it_says_what_to_install_or_to_leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(gateway, "find_spec", lambda name: None if name == "uvicorn" else real(name))
    with pytest.raises(NotReady, match=r"pip install 'santunan\[gateway\]'; install it, .* santunan run --no-gateway"):
        run()
