"""Addresses of webhooks: which are refused as text, and to which IP addresses nothing is ever posted."""

import pytest

from pipeline.access.addresses import is_allowed, parts_of, require_allowed
from pipeline.errors import Poison

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8")
PRIVATE = (
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "2002:a00:1::1",  # 6to4 of 10.0.0.1
)
LOOPBACK = ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "2002:7f00:1::1")
NEVER = (
    "169.254.169.254",  # the metadata service of a cloud
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "::",
    "224.0.0.1",
    "ff02::1",
    "64:ff9b::a9fe:a9fe",  # NAT64 of the metadata service
)


@pytest.mark.parametrize("address", (*PUBLIC, *PRIVATE, *LOOPBACK, *NEVER))
def test_only_addresses_of_the_internet_are_good_by_default(address: str) -> None:
    assert is_allowed("https", address, allows_private=False) == (address in PUBLIC)
    assert is_allowed("https", address, allows_private=True) == (address not in NEVER)
    assert not is_allowed("http", address, allows_private=False)
    assert is_allowed("http", address, allows_private=True) == (address in LOOPBACK)


@pytest.mark.parametrize("address", ["100.64.0.1", "240.0.0.1", "255.255.255.255"])
def test_shared_and_reserved_addresses_are_refused(address: str) -> None:
    assert not is_allowed("https", address, allows_private=False)


@pytest.mark.parametrize(
    ("addresses", "says"),
    [([], "leads nowhere"), (["10.0.0.1"], "private network"), (["8.8.8.8", "10.0.0.1"], "private network")],
)
def test_a_name_is_refused_unless_it_leads_to_allowed_addresses_alone(addresses: list[str], says: str) -> None:
    with pytest.raises(Poison) as caught:
        require_allowed("https", addresses, allows_private=False)
    assert says in caught.value.errors[0].message and caught.value.errors[0].field == "url"
    require_allowed("https", ["8.8.8.8"], allows_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://klinik.example/",
        "ftp://klinik.example/",
        "klinik.example",
        "",
        "https://",
        "https:///path",
        "https://user@klinik.example/",
        "https://user:password@klinik.example/",
        "https://@klinik.example/",
        "https://klinik.example:0/",
        "https://klinik.example:99999/",
        "https://klinik.example:port/",
        "https://klinik.example/#part",
        "https://klinik.example/a b",
        "https://klinik.example\\@10.0.0.1/",
        "https://klinik.example/\n",
        "https://[::1",
        "https://klinik.éxample/",
        "https://klinik.example/" + "a" * 2000,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Poison):
        parts_of(url, allows_private=False)


def test_an_address_has_scheme_host_and_port() -> None:
    assert parts_of("https://Klinik.example/a?b=c", allows_private=False) == ("https", "klinik.example", 443)
    assert parts_of("https://[2606:4700::1111]:8443/", allows_private=False) == ("https", "2606:4700::1111", 8443)
    assert parts_of("http://127.0.0.1:9000/", allows_private=True) == ("http", "127.0.0.1", 9000)
