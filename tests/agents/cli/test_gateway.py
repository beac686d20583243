"""`santunan gateway` as its users start it: it answers, leaves when asked to, and says why it cannot listen."""

import signal
import socket
import subprocess
import time
from pathlib import Path

from agents.services.servers import free_ports
from tests.support.command_line import PROGRAM, accident, environment, santunan
from tests.support.gateway import Client


def test_a_gateway_takes_an_event_in_and_leaves_when_it_is_told_to(tmp_path: Path) -> None:
    santunan("access", "add", "clinic", "plkk-0001", cwd=tmp_path)
    key = santunan("access", "key", "clinic:plkk-0001", cwd=tmp_path).out.strip()
    [port] = free_ports(1)
    running = subprocess.Popen(  # noqa: S603
        [*PROGRAM, "gateway"],
        cwd=tmp_path,
        env={**environment(), "SANTUNAN_WEB_ADDRESS": f"127.0.0.1:{port}"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and running.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        client = Client(port, key)
        assert client.event(accident().encode()).status == 202
        assert client.get("/v1/claims/3671014107850007").status == 404
        assert client.get("/ready").status == 200
    finally:
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert f"the console for browsers: http://127.0.0.1:{port}/" in said
    assert "/link/" not in said, "somebody may act already"
    assert "POST /v1/events" in said and "3671014107850007" not in said and key not in said
    assert santunan("submit", "-", "--json", cwd=tmp_path, given=accident()).rows[0]["offset"] == 1, (
        "0 was the gateway's"
    )


def test_an_address_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = santunan("gateway", cwd=tmp_path, SANTUNAN_WEB_ADDRESS=address)
    assert ran.status == 78 and "give another HOST:PORT" in ran.err
    assert f"http://{address}/link/" in ran.err, "nobody may act yet: the first start offers the first operator"
