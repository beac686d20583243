"""The pages of the law: every number has words, a value, an article; percentages are percentages."""

import re
from collections.abc import Callable

import pytest

from pipeline.explain import LANGUAGES
from pipeline.explain.texts import room
from pipeline.law.book import Book
from tests.support.gateway import Client

Open = Callable[[str | None], Client]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_number_and_unit_of_the_law_has_words(language: str) -> None:
    found = room(language, "law")
    assert set(found["parameters"]) == set(Book.load().parameters)
    assert set(found["units"]) == {one.unit for one in Book.load().parameters.values()}


def shown(client: Client, path: str, language: str = "id", status: int = 200) -> str:
    answer = client.get(path, Cookie=f"language={language}")
    assert answer.status == status, answer.raw
    return answer.raw.decode()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(Book.load().parameters))
def test_each_number_has_a_page(name: str, language: str, client: Open) -> None:
    found = shown(client("clinic:one"), f"/law/{name}", language)
    assert str(room(language, "law")["parameters"][name]) in found.replace("&#39;", "'")
    assert found.count("<h2>") == len(Book.load().parameters[name].values)


def test_the_law_of_a_day_lists_every_number(client: Open) -> None:
    found = shown(client("officer:one"), "/law?day=2019-12-01")
    assert found.count('href="/law/') == len(Book.load().parameters) + 1 and "Rp3.000.000" in found
    assert "Rp10.000.000" in shown(client("officer:one"), "/law?day=2019-12-02", "en").replace(",", ".")
    for day in ("kemarin", "2015-06-30", "9999-12-31"):
        assert 'role="alert"' in shown(client("officer:one"), f"/law?day={day}", status=422)


def test_a_number_that_grew_is_a_chart_of_steps(client: Open) -> None:
    found = shown(client("clinic:one"), "/law/funeral")
    heights = [int(one) for one in re.findall(r'<rect [^>]*height="(\d+)"', found)]
    assert len(heights) == 2 and heights[0] < heights[1]
    assert "<rect" not in shown(client("clinic:one"), "/law/heirs_order")


def test_two_days_are_compared_with_percentages_as_the_law_writes_them(client: Open) -> None:
    found = shown(client("auditor:one"), "/law/compare?first=2020-07-31&second=2020-08-01")
    assert "PU: 2<br>" in found and "PU: 0.5<br>" in found
    assert "Tidak ada yang berubah" in shown(client("auditor:one"), "/law/compare?first=2020-01-01&second=2020-01-02")
    assert shown(client("auditor:one"), "/law/compare?first=x&second=y", status=422).count('class="fault"') == 2
    assert shown(client("auditor:one"), "/law/none", status=404)
