"""A long list comes in pages: each row on one of them, and never more rows than a phone can load."""

import re
from collections.abc import Callable

import pytest

from agents.web.pages.parts import MOST_ROWS, part_of
from pipeline.access.principals import new_principal
from tests.agents.web.conftest import NOW, Running
from tests.support.gateway import Client


@pytest.mark.parametrize("many", [0, 1, MOST_ROWS, MOST_ROWS + 1, 3 * MOST_ROWS, 3 * MOST_ROWS + 7])
def test_pages_one_after_the_other_show_each_row_once_and_lead_back(many: int) -> None:
    rows, seen, start = list(range(many)), [], "0"
    while True:
        part = part_of(rows, start)
        assert len(part.rows) <= MOST_ROWS and part.total == many
        assert list(part.rows) == rows[part.first - 1 : part.last]
        seen += part.rows
        if part.after is None:
            break
        assert part_of(rows, str(part.after)).before == int(start)
        start = str(part.after)
    assert seen == rows


@pytest.mark.parametrize("start", ["", "x", "-1", "1e3", "9999999999999", "٣", "5"])
def test_what_is_no_place_in_the_list_is_its_beginning(start: str) -> None:
    assert part_of([1, 2, 3], start).rows == [1, 2, 3]


def test_a_hundred_clinics_more_are_found_by_name_and_page_by_page(
    gateway: Running, client: Callable[[str | None], Client]
) -> None:
    for at in range(MOST_ROWS + 3):
        gateway[0].access.add(new_principal("clinic", f"page-{at:03}"), "test", NOW)
    operator, seen, path = client("operator:pages"), [], "/access?name=clinic:PAGE-"
    while True:
        shown = operator.get(path).raw.decode()
        assert len(shown) < 150_000, len(shown)
        seen += re.findall(r"<code>urn:santunan:(clinic:page-\d+)</code>", shown)
        after = re.search(r'rel="next" href="([^"]+)"', shown)
        if after is None:
            break
        path = after[1].replace("&amp;", "&")
    assert seen == sorted(set(seen)) and len(seen) == MOST_ROWS + 3
    assert "Tidak ada yang bernama demikian." in operator.get("/access?name=nobody-here").raw.decode()
    assert 'rel="next"' in operator.get("/access").raw.decode()
