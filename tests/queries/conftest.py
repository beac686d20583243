"""A small office with decided claims: the store that the read side is asked about."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.office import fill
from tests.support.site import Site


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Site]:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    fill(site)
    yield site
    site.close()
