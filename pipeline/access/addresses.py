"""Addresses to which webhooks may be posted: which are refused, and why. Pure: names are resolved elsewhere.

A receiver inside our own network would be asked in our name (server-side request forgery), so only addresses of the
internet are good, unless an operator allows others.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from pipeline.errors import Poison
from schemas.decisions import FieldError

MOST_LETTERS: Final = 2000  # of an address; servers read no longer ones
# In a schema: host, port and the rest of an address of the internet. An address of IPv6 in brackets is good as well.
URL_SHAPE: Final = (
    r"^https://[A-Za-z0-9._-]+"
    r"(:(0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?)?"
    r"([/?][!$-;=?-\[\]-_a-z{|}~]*)?$"
)
_HOST: Final = re.compile("[A-Za-z0-9._:-]+")  # a name, or an address of IPv4 or IPv6
_HTTPS, _HTTP = "https", "http"
_PORTS: Final = {_HTTPS: 443, _HTTP: 80}
_FORM: Final = "write an address such as https://klinik.example/santunan, without user, password, # or blanks"
_NO_HTTPS: Final = "begin with https://; what is posted must not be read on its way"
_UNKNOWN: Final = "the name of this host leads nowhere; correct it, or try again when it is known"
_PRIVATE: Final = "the host is in a private network; give one that is reached from the internet, or ask the operator"


def parts_of(url: str, *, allows_private: bool) -> tuple[str, str, int]:
    """Scheme, host and port. http is for receivers on this machine alone, where `allows_private`. Raises Poison."""
    if not 0 < len(url) <= MOST_LETTERS or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>`#'):
        raise _refused(_FORM)
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise _refused(_FORM) from None
    if scheme not in _PORTS or (scheme == _HTTP and not allows_private):
        raise _refused(_NO_HTTPS)
    if host is None or _HOST.fullmatch(host) is None or "@" in parts.netloc or port == 0:
        raise _refused(_FORM)
    return scheme, host, port or _PORTS[scheme]


def require_allowed(scheme: str, addresses: Iterable[str], *, allows_private: bool) -> None:
    """`addresses`: all to which the name of the host leads. Raises Poison unless each is allowed: a receiver with one
    bad address would fail now and then."""
    found = list(addresses)
    if not found:
        raise _refused(_UNKNOWN)
    if not all(is_allowed(scheme, one, allows_private=allows_private) for one in found):
        raise _refused(_PRIVATE)


def is_allowed(scheme: str, address: str, *, allows_private: bool) -> bool:
    """Whether a post may go to this IP address. Link-local ones are never allowed: the metadata service of a cloud is
    there, and no receiver."""
    found = _embedded(ipaddress.ip_address(address.partition("%")[0]))
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return False
    if scheme == _HTTP:
        return allows_private and found.is_loopback
    if found.is_loopback or found.is_private:  # loopback of IPv6 counts as reserved, so it is asked for first
        return allows_private
    return found.is_global and not found.is_reserved


def _embedded(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address of IPv4 in one of IPv6 that leads to it: mapped, or 6to4."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _refused(message: str) -> Poison:
    return Poison("INVALID", FieldError("url", message))
