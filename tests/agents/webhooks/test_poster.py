"""One post, to receivers that are slow, hostile, or not where they seem to be."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agents.webhooks import poster as poster_module
from agents.webhooks.poster import Poster
from pipeline.errors import NotReady
from tests.support.receiver import Receiver, running_receiver

HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


def posted(url: str, **options: Any) -> str:
    return asyncio.run(Poster(**options).post(url, HEADERS, b"{}"))


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name does, from now on; the names that were asked for."""
    asked: list[str] = []

    def getaddrinfo(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        asked.append(str(host))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port))) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_private_address_is_refused_whatever_its_port_and_form(receiver: Receiver) -> None:
    for host in ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "0.0.0.0"):  # noqa: S104
        assert posted(f"https://{host}:{receiver.port}/") == "ADDRESS", host
    assert posted(receiver.url) == "ADDRESS", "http is for this machine, where it is allowed"
    assert receiver.received == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254"])
def test_a_name_that_leads_into_a_private_network_is_refused_when_connecting(
    address: str, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """As one that led to the internet when it was registered."""
    asked = leads_to(monkeypatch, address)
    assert posted(f"https://klinik.example:{receiver.port}/") == "ADDRESS"
    assert asked == ["klinik.example"] and receiver.received == []


def test_http_leads_to_this_machine_alone_even_where_private_is_allowed(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    assert posted(receiver.url, allows_private=True) == "204"
    leads_to(monkeypatch, "10.1.2.3")
    assert posted("http://localhost/", allows_private=True) == "ADDRESS"


def test_the_post_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    asked = leads_to(monkeypatch, "127.0.0.1")
    assert posted(f"http://klinik.example:{receiver.port}/", allows_private=True) == "204"
    assert asked == ["klinik.example"], "the name is resolved once, so it cannot lead elsewhere the second time"
    assert receiver.received[0].headers["host"] == f"klinik.example:{receiver.port}"


@contextmanager
def raw_server(answer: Any) -> Iterator[int]:
    """`answer`: what it does with each connection after the head of the request."""
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    answer(connection)
                except OSError:
                    continue  # it was not waited for

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def test_a_receiver_that_does_not_answer_is_waited_for_ten_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert poster_module.POST_SECONDS == 10
    monkeypatch.setattr(poster_module, "POST_SECONDS", 0.3)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(50):
            connection.sendall(b"x: y\r\n")
            time.sleep(0.05)

    began = time.monotonic()
    with raw_server(drip) as port:
        assert posted(f"http://127.0.0.1:{port}/", allows_private=True) == "TIMEOUT"
        assert time.monotonic() - began < 2


def test_an_endless_answer_is_not_read() -> None:
    sent = [0]

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            sent[0] += 65536

    with raw_server(flood) as port:
        assert posted(f"http://127.0.0.1:{port}/", allows_private=True) == "200"
    assert sent[0] < 16 * 1024 * 1024, "no more than the buffers of a connection"


def test_a_head_without_end_and_words_that_are_no_http_are_no_answer() -> None:
    for words in (b"HTTP/1.1 200 " + b"x" * 100_000, b"SSH-2.0-OpenSSH\r\n", b""):
        with raw_server(lambda connection, words=words: connection.sendall(words)) as port:
            assert posted(f"http://127.0.0.1:{port}/", allows_private=True) == "NO_ANSWER"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert posted(f"http://127.0.0.1:{port}/", allows_private=True) == "NO_ANSWER"
    assert posted("https://klinik.invalid/") == "HOST_UNKNOWN"


def certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate for 127.0.0.1, its key)"""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return files


def test_a_certificate_is_checked_against_the_system_and_the_file_of_the_setting(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with running_tls(context, serve) as port:
        url = f"https://127.0.0.1:{port}/"
        assert posted(url, allows_private=True) == "CERTIFICATE"
        assert posted(url, allows_private=True, ca_file=files[0]) == "200"
        assert posted(f"https://localhost:{port}/", allows_private=True, ca_file=files[0]) == "CERTIFICATE"
    with pytest.raises(NotReady, match="SANTUNAN_WEBHOOKS_CA_FILE"):
        Poster(ca_file=tmp_path / "none.pem")


@contextmanager
def running_tls(context: ssl.SSLContext, answer: Any) -> Iterator[int]:
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                plain, _ = server.accept()
            except OSError:
                return
            with plain:
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        connection.recv(65536)
                        answer(connection)
                except OSError:
                    continue  # the certificate was refused

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)
