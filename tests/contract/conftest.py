"""The same tests on both engines: a store on SQLite with its log, and one on PostgreSQL with a broker in memory."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.site import Site

ENGINES = ("sqlite", "postgresql")
MakeSite = Callable[[], Site]


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def make_site(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeSite]:
    """Makes sites of one engine, each with a store of its own."""
    sites: list[Site] = []

    def make() -> Site:
        if engine_name == "sqlite":
            url = f"sqlite:///{tmp_path}/santunan-{len(sites)}.db"
        else:
            url = request.getfixturevalue("new_database")()
        sites.append(Site(url))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()
