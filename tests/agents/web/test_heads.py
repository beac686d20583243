"""Heads of requests: too large ones are refused at once, and who sends none, or a slow one, is not waited for."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from agents.web.gate import Gateway
from agents.web.heads import MOST_HEAD_BYTES
from tests.support.gateway import Client

Open = Callable[[str | None], Client]
LINE = b"GET /health HTTP/1.1\r\nHost: x\r\n"
AFTER = 0.5  # seconds for a head here


@contextmanager
def connected(gateway: tuple[Gateway, int]) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", gateway[1]), timeout=20) as connection:
        yield connection


@pytest.fixture
def hurried() -> Iterator[None]:
    with patch("agents.web.heads.HEAD_SECONDS", AFTER):
        yield


def all_of(connection: socket.socket) -> bytes:
    """Until the gateway closes; fails where it does not."""
    found = b""
    while part := connection.recv(65536):
        found += part
    return found


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 431)])
def test_a_head_may_be_so_large_and_no_larger(more: int, status: int, gateway: tuple[Gateway, int]) -> None:
    rest = MOST_HEAD_BYTES + more - len("/health") - len("hostx") - 4 - len("x-a") - 4 - len("connectionclose") - 4
    with connected(gateway) as connection:
        connection.sendall(LINE + b"Connection: close\r\nX-A: " + b"a" * rest + b"\r\n\r\n")
        found = all_of(connection)
    assert found.startswith(b"HTTP/1.1 %d " % status), found[:40]
    assert status == 200 or (b"problem+json" in found and b'"code":"HEAD"' in found)


@pytest.mark.parametrize("endless", [b"X-A: " + b"a" * 100_000, b"X-A: b\r\n" * 12_000], ids=["one", "many"])
def test_a_head_that_never_ends_is_refused_while_it_comes(endless: bytes, gateway: tuple[Gateway, int]) -> None:
    with connected(gateway) as connection:
        connection.sendall(LINE)
        time.sleep(0.1)
        try:
            for at in range(0, len(endless), 10_000):
                connection.sendall(endless[at : at + 10_000])
                time.sleep(0.01)
            assert connection.recv(100).startswith(b"HTTP/1.1 431")
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was closed before all was sent


def test_who_sends_nothing_or_half_a_head_is_not_waited_for(hurried: None, gateway: tuple[Gateway, int]) -> None:
    for sent in (b"", b"GET / HT", LINE, b"\r\n"):
        began = time.monotonic()
        with connected(gateway) as connection:
            connection.sendall(sent)
            assert all_of(connection) == b"", sent
        assert AFTER - 0.1 < time.monotonic() - began < 15


def test_bytes_that_trickle_do_not_prolong_the_wait(hurried: None, gateway: tuple[Gateway, int]) -> None:
    refused = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    for first in (LINE + b"X-A: ", refused, LINE + b"\r\n"):
        with connected(gateway) as connection:
            connection.sendall(first)
            began = time.monotonic()
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                while time.monotonic() - began < 15:
                    connection.sendall(b"\n" if first.endswith(LINE + b"\r\n") else b"a")
                    time.sleep(0.05)


def test_an_answer_that_takes_longer_than_a_head_may_comes_whole(
    hurried: None, client: Open, gateway: tuple[Gateway, int]
) -> None:
    """Also where a client sends an empty line behind its request, as old ones do."""
    head = f"GET /v1/decisions?wait=2 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client('clinic:waits').key}\r\n\r\n"
    with connected(gateway) as connection:
        connection.sendall(head.encode() + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        time.sleep(0.1)
        connection.sendall(LINE + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200"), "the connection is kept"


def test_where_too_many_are_connected_the_next_one_is_told_when_to_come_again(gateway: tuple[Gateway, int]) -> None:
    with patch("agents.web.heads.MOST_CONNECTIONS", 1), connected(gateway) as first:
        first.sendall(LINE + b"\r\n")
        assert first.recv(65536).startswith(b"HTTP/1.1 200")
        found = Client(gateway[1]).get("/health")
        assert (found.status, found.json["code"]) == (503, "AWAY") and int(found.headers["retry-after"]) > 0
    time.sleep(0.2)
    assert Client(gateway[1]).get("/health").status == 200


def test_no_connection_turns_into_another_protocol(gateway: tuple[Gateway, int]) -> None:
    turn = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YWJj\r\n\r\n"
    with connected(gateway) as connection:
        connection.sendall(LINE + turn)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
