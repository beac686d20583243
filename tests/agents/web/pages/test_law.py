"""The pages of the law: every number has words, a value, an article; percentages are percentages."""

import datetime as dt
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from agents.web.pages.frame import texts
from agents.web.pages.law_chart import chart_of
from pipeline.explain import LANGUAGES, Language, short
from pipeline.explain.law import is_table, law_table, written_value
from pipeline.explain.texts import room
from pipeline.law.book import Book
from pipeline.law.uses import USES
from pipeline.operations.law import Dated
from tests.law.uses import WRITTEN, written
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
    assert found.count(f"<h2>{texts(language)['law']['from_day']} ") == len(Book.load().parameters[name].values)


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
    assert "Biaya pemakaman: naik dari Rp3.000.000 menjadi Rp10.000.000 sejak 2 Desember 2019." in found
    assert "<rect" not in shown(client("clinic:one"), "/law/heirs_order")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((5, 3), "turun dari Rp5 menjadi Rp3 sejak 1 Januari 2020."),
        ((None, 3), "Rp3 sejak 1 Januari 2020; sebelumnya tidak ada."),
        ((3, None), "tidak ada sejak 1 Januari 2020; sebelumnya Rp3."),
        ((3, 3), "tetap Rp3 sejak 1 Januari 2019."),
        ((1, 3, 3), "naik dari Rp1 menjadi Rp3 sejak 1 Januari 2020."),
    ],
)
def test_what_a_chart_shows_is_said_in_a_sentence(values: tuple[int | None, ...], said: str) -> None:
    found = [
        Dated("funeral", "rupiah", value, dt.date(2019 + number, 1, 1), "x", "VERIFIED")
        for number, value in enumerate(values)
    ]
    chart = chart_of(found, dt.date(2026, 1, 1), "id")
    assert chart is not None and chart.finding == f"Biaya pemakaman: {said}"
    assert chart_of(found[:1], dt.date(2026, 1, 1), "id") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_of_a_column_or_a_choice_is_shown_as_the_files_have_it(language: Language) -> None:
    """`is_code`: small letters with _ between; a law says no such word."""
    for name, one in Book.load().parameters.items():
        for value in one.values:
            if is_table(value.written):
                table = law_table(value.written, one.unit, language)
                assert all(len(row) == len(table.rows[0]) for row in table.rows)
                said = [*table.headings, *(cell for row in table.rows for cell in row)]
            else:
                said = [written_value(value.written, one.unit, language)]
            assert [text for text in said if re.search(r"[a-z]_[a-z]|None|True|False|VERIFIED", text)] == [], name


def test_each_number_says_where_it_is_used_or_that_it_is_not(client: Open) -> None:
    """By the engine as it is: after a change of a rule or a number, run `python -m tests.law.uses`."""
    assert WRITTEN.read_text(encoding="utf-8") == written()
    unused = Book.load().parameters.keys() - USES.keys()
    assert unused == {"contribution_jkp_share", "jasa_raharja_treatment_limit", "pmi_contribution"}
    assert USES["conclusion_days"].codes == ("JKK_UNDER_CONCLUSION", "JKK_CONCLUSION_OVERDUE")
    assert "funeral" in USES["funeral"].lines and USES["late_fine_percent"].areas == ("contributions",)
    assert {area for one in USES.values() for area in one.areas} == set(texts("id")["areas"])
    found = shown(client("clinic:one"), "/law/conclusion_days")
    assert "Di mana dipakai" in found and "(baris 12)" in found and short("JKK_CONCLUSION_OVERDUE", "id") in found
    assert "belum ada keputusan yang bergantung" in shown(client("clinic:one"), "/law/pmi_contribution")


def test_another_number_is_tried_by_officers_and_auditors_alone(client: Open) -> None:
    def tried(kind: str, **given: str) -> tuple[int, str]:
        answer = client(kind).form("/law/age_minimum/try", given)
        return answer.status, answer.raw.decode()

    good = {"since": "2015-07-01", "written": "99"}
    status, found = tried("officer:one", **good)
    assert (
        status == 200 and "akan berakhir lain" in found and "FOREIGN-1" in found and "menerima lebih sedikit" in found
    )
    assert tried("auditor:one", **good)[0] == 200 and tried("clinic:one", **good)[0] == 403
    assert 'action="/law/age_minimum/try"' in shown(client("auditor:one"), "/law/age_minimum")
    assert "/try" not in shown(client("clinic:one"), "/law/age_minimum")
    assert "/try" not in shown(client("officer:one"), "/law/heirs_order"), "a table is no number"
    for wrong in ({"written": ""}, {"written": "x"}, {"written": "9" * 9}, {"since": "x"}):
        status, found = tried("officer:one", **good | wrong)
        assert status == 422 and f'id="{next(iter(wrong))}-fault"' in found, wrong
    assert tried("officer:one", **good | {"since": "2015-07-02"})[0] == 404


def test_a_long_history_is_left_to_the_command(client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"since": "2019-12-02", "written": "12.000.000"}
    for name, value in (("MOST_EVENTS", 1), ("SECONDS", -1.0)):
        with monkeypatch.context() as patched:
            patched.setattr(f"pipeline.operations.law_trial.{name}", value)
            answer = client("officer:one").form("/law/funeral/try", given)
            assert answer.status == 422 and "santunan rules impact" in answer.raw.decode(), name


def test_two_days_are_compared_with_percentages_as_the_law_writes_them(client: Open) -> None:
    found = shown(client("auditor:one"), "/law/compare?first=2020-07-31&second=2020-08-01")
    assert "(PU): 2%<br>" in found and "(PU): 0,5%<br>" in found
    assert "Tidak ada yang berubah" in shown(client("auditor:one"), "/law/compare?first=2020-01-01&second=2020-01-02")
    assert shown(client("auditor:one"), "/law/compare?first=x&second=y", status=422).count('class="fault"') == 2
    assert shown(client("auditor:one"), "/law/none", status=404)


def test_the_numbers_are_grouped_and_found_by_words(client: Open) -> None:
    found = shown(client("clinic:one"), "/law")
    for area in re.findall(r'<li><a href="#(\w+)">', found):
        assert f'<h2 id="{area}">' in found
    assert found.count("<h2 id=") == len({one.areas[0] for one in USES.values()}) + 1
    assert found.count('<a href="/law/') == len(Book.load().parameters) + 1, "each number once, and the comparison"
    few = shown(client("clinic:one"), "/law?q=PEMAKAMAN")
    assert 'href="/law/funeral"' in few and "1 angka dengan kata itu" in few and 'href="/law/age_minimum"' not in few
    none = shown(client("clinic:one"), f"/law?{urlencode({'q': '<script>'})}")
    assert "Tidak ada angka dengan kata itu" in none and "<script" not in none


def test_a_comparison_without_a_first_day_asks_for_it(client: Open) -> None:
    found = shown(client("clinic:one"), "/law/compare?first=&second=2020-08-01", status=422)
    assert 'id="first-fault"' in found and 'id="second-fault"' not in found
    assert 'class="fault"' not in shown(client("clinic:one"), "/law/compare")
