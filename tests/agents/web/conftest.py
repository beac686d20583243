"""A gateway for the tests of each file, over a store with a few claims, and a key of each principal.

Each file begins with the same store, so no test depends on which files ran before it.
"""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from agents.settings import read_settings
from agents.web.gate import Gateway
from pipeline.access.principals import PERSONS, Principal, new_principal
from tests.support import events as e
from tests.support.browser import PASSWORD, Clock
from tests.support.gateway import Client, running_gateway
from tests.support.site import Site

NOW = dt.datetime.now(dt.UTC)
WORKER = "20000000022"  # of the employer and the cooperative np000001
OWN, FOREIGN = "OWN-1", "FOREIGN-1"
Running = tuple[Gateway, int]
Make = Callable[[str], Principal]


def who_of(kind: str) -> str:
    """An employer is named by its number."""
    return "np000001" if kind in ("employer", "cooperative") else "one"


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OWN-1 has every kind of party, FOREIGN-1 an office alone; OFFICER-1 waits for an officer."""
    path = tmp_path_factory.mktemp("filled") / "santunan.db"
    site = Site(f"sqlite:///{path}", partitions=1)
    happened = {
        "occurred_at": "2024-05-05T10:00:00+07:00",
        "kind": "occupational_disease",
        "diagnosed_on": "2024-05-05",
    }
    site.run(
        *e.member(),
        *e.member("20000000033", "3671010101800003"),
        e.registered(WORKER, "3671010101800002", employer={"number": "NP000001"}),
        e.paid("2019-11", "2019-11", "2019-11-02", WORKER),
        e.wage("2019-11", 4_000_000, WORKER),
        e.paid("2019-12", "2026-12", "2019-12-10", WORKER),
        e.accident(OWN, number=WORKER),
        *[
            e.evidence(
                OWN, "2024-07-08T08:00:00", source=f"urn:santunan:{kind}:one", member_number=WORKER, documents=["visum"]
            )
            for kind in ("clinic", "hospital", "desk")
        ],
        e.accident(FOREIGN, "2024-06-06", number="20000000033"),
        e.accident("OFFICER-1", "2024-05-05", accident=happened),
    )
    site.close()
    return path


@pytest.fixture(scope="module")
def url(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a copy."""
    copied = shutil.copytree(filled.parent, tmp_path_factory.mktemp("gateway"), dirs_exist_ok=True)
    return f"sqlite:///{copied / filled.name}"


@pytest.fixture(scope="module")
def gateway(url: str) -> Iterator[tuple[Gateway, int]]:
    with running_gateway(read_settings(database_url=url, web_rate=10_000)) as found:
        yield found


@pytest.fixture(scope="module")
def key_of(gateway: tuple[Gateway, int]) -> Callable[[str], str]:
    """The key of KIND:WHO, made where it is missing."""
    keys: dict[str, str] = {}

    def key(name: str) -> str:
        if name not in keys:
            kind, who = name.split(":")
            book = gateway[0].access
            person = f"{kind}-{who}" if kind in PERSONS else None
            book.add(new_principal(kind, who, person), "test", NOW)
            keys[name] = book.make_key(f"urn:santunan:{name}", "", NOW + dt.timedelta(days=1), "test", NOW)[1]
        return keys[name]

    return key


@pytest.fixture(scope="module")
def client(gateway: tuple[Gateway, int], key_of: Callable[[str], str]) -> Callable[[str | None], Client]:
    """Of KIND:WHO; None: without a key."""
    return lambda name: Client(gateway[1], key_of(name) if name else None)


# --- for those who sign in


@pytest.fixture
def clock(gateway: Running) -> Iterator[Clock]:
    found = Clock()
    front = gateway[0].front
    moved = replace(front, now=found)
    object.__setattr__(gateway[0], "front", moved)
    yield found
    object.__setattr__(gateway[0], "front", front)


@pytest.fixture
def unhurried(gateway: Running) -> Iterator[None]:
    """Sign-ins of one address come faster here than people do it."""
    with (
        patch.object(gateway[0].sign_in_addresses, "take", return_value=0.0),
        patch("agents.web.session.REFUSED_SECONDS", 0.001),
    ):
        yield


@pytest.fixture
def make(gateway: Running) -> Make:
    """A principal with the password; names are new in each test."""

    def made(name: str) -> Principal:
        principal = new_principal(*name.split(":"))
        gateway[0].access.add(principal, "test", NOW)
        gateway[0].access.set_password(principal.name, PASSWORD, "test", NOW)
        return principal

    return made


@contextmanager
def web_url(gateway: Running, url: str) -> Iterator[None]:
    object.__setattr__(gateway[0], "web_url", url)
    try:
        yield
    finally:
        object.__setattr__(gateway[0], "web_url", None)
