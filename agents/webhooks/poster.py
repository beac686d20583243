"""One post to a receiver, which may be anybody: slow, hostile, or a name that leads into our own network.

The address is looked at when the connection is made, so a name that leads elsewhere than at registration is refused,
too. No proxy, no redirect, no cookie; the body of the answer is not read, and its head has the limits of aiohttp (8 KiB
a line) and of the time.
"""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)

from pipeline.access.addresses import is_allowed, parts_of
from pipeline.errors import NotReady, Poison

POST_SECONDS: Final = 10.0
MEDIA_TYPE: Final = "application/cloudevents+json; charset=utf-8"
GONE: Final = "410"
# Codes in place of a status: the host is in a private network, the address is none any more, the name leads nowhere,
# the certificate is not trusted, no answer within POST_SECONDS, no connection or no HTTP.
ADDRESS, HOST_UNKNOWN, CERTIFICATE, TIMEOUT, NO_ANSWER = (
    "ADDRESS",
    "HOST_UNKNOWN",
    "CERTIFICATE",
    "TIMEOUT",
    "NO_ANSWER",
)


class Poster:
    """`ca_file`: certificates to trust beside those of the system. Raises NotReady where it cannot be read."""

    def __init__(self, *, allows_private: bool = False, ca_file: Path | None = None) -> None:
        self._allows_private = allows_private
        self._context = ssl.create_default_context()
        if ca_file is not None:
            try:
                self._context.load_verify_locations(ca_file)
            except (OSError, ssl.SSLError):
                raise NotReady(
                    f"SANTUNAN_WEBHOOKS_CA_FILE {ca_file} cannot be read: give a file of certificates as PEM"
                ) from None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> str:
        """The status of the answer, as text, or a code. Never raises for what a receiver does."""
        try:
            scheme, _, _ = parts_of(url, allows_private=self._allows_private)
        except Poison:
            return ADDRESS
        door = _Door(scheme, self._allows_private)
        connector = TCPConnector(
            ssl=self._context, force_close=True, use_dns_cache=False, socket_factory=door.socket_to
        )
        session = ClientSession(
            connector=connector,
            timeout=ClientTimeout(total=POST_SECONDS),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"User-Agent": "santunan-webhooks", "Content-Type": MEDIA_TYPE},
        )
        try:
            async with session:
                request = session.post(url, data=body, headers=headers, allow_redirects=False)
                async with request as answer:
                    return str(answer.status)
        except TimeoutError:
            return TIMEOUT
        except ClientConnectorDNSError:
            return HOST_UNKNOWN
        except (ClientConnectorCertificateError, ClientSSLError):
            return CERTIFICATE
        except (ClientError, OSError, ValueError):
            return ADDRESS if door.has_refused else NO_ANSWER


class _Door:
    """Makes the sockets of one post, for addresses that are allowed."""

    def __init__(self, scheme: str, allows_private: bool) -> None:
        self._scheme = scheme
        self._allows_private = allows_private
        self.has_refused = False

    def socket_to(self, info: tuple[Any, ...]) -> socket.socket:
        """`info`: as of `getaddrinfo`. Raises OSError, after which the connection tries the next address."""
        family, kind, protocol, _, address = info
        if not is_allowed(self._scheme, address[0], allows_private=self._allows_private):
            self.has_refused = True
            raise OSError("the address is not allowed")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made
