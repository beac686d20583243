"""Every page of every role: in both languages, without a script, and with what was typed shown as text."""

import itertools
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from agents.web.pages.report_steps import whole_number
from pipeline.access.roles import ROLES
from tests.agents.web.conftest import OWN, WORKER
from tests.support.gateway import Answer, Client

Open = Callable[[str | None], Client]
FORM: Final = "application/x-www-form-urlencoded"
PATHS: Final = {
    "/cover": "check_cover",
    "/claims": "list_claims",
    f"/claims/{OWN}": "read_claim",
    "/tasks": "list_work",
    f"/tasks/{OWN}": "read_case",
    f"/claims/{OWN}/letter": "explain_claim",
    "/members": "import_members",
    "/law": "read_law",
    "/law/funeral": "read_parameter",
    "/law/compare?first=2019-12-01&second=2019-12-02": "compare_law",
    "/report/accident": "report_accident",
    "/report/death": "report_death",
}
KINDS: Final = (
    "clinic",
    "hospital",
    "employer",
    "cooperative",
    "desk",
    "office",
    "officer",
    "payments",
    "auditor",
    "operator",
)
EVIL: Final = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u200bgnol' \" & {{ 7 * 7 }}"
_numbers = itertools.count(1)


def name_of(kind: str) -> str:
    return f"{kind}:{'np000001' if kind in ('employer', 'cooperative') else 'one'}"


def post(client: Client, path: str, form: dict[str, Any], **headers: str) -> Answer:
    return client.ask("POST", path, urlencode(form, doseq=True).encode(), Content_Type=FORM, **headers)


def text_of(answer: Answer) -> str:
    return answer.raw.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_each_page_opens_for_whom_the_table_of_roles_says(kind: str, client: Open) -> None:
    for (path, operation), language in itertools.product(PATHS.items(), ("id", "en")):
        found = client(name_of(kind)).get(path, Cookie=f"language={language}")
        assert found.status == (200 if kind in ROLES[operation] else 403), (path, found.status)
        assert found.headers["content-type"] == "text/html; charset=utf-8"
        assert f'<html lang="{language}">' in text_of(found)
        assert (
            "<script" not in text_of(found)
            and " style=" not in text_of(found)
            and " on" + "click" not in text_of(found)
        )
        assert found.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert found.headers["cache-control"] == "no-store" and found.headers["x-content-type-options"] == "nosniff"
        assert len(found.raw) < 150_000


@pytest.mark.parametrize("kind", KINDS)
def test_the_menu_names_what_the_role_may_do_and_nothing_else(kind: str, client: Open) -> None:
    found = text_of(client(name_of(kind)).get("/"))
    for path, operation in PATHS.items():
        if OWN not in path and not path.startswith("/law/"):
            assert (f'href="{path}"' in found) == (kind in ROLES[operation]), path


def test_who_is_not_signed_in_is_sent_to_the_door_and_comes_back(client: Open) -> None:
    for path in PATHS:
        found = client(None).get(path)
        assert (found.status, found.headers["location"]) == (303, f"/sign-in?back={path.partition('?')[0]}")
    assert client(None).ask("POST", f"/tasks/{OWN}", b"", Content_Type=FORM).headers["location"] == "/sign-in?back=/"
    assert client(None).get("/static/console.css").status == 200


def test_an_address_that_does_not_exist_is_a_page_and_one_of_the_api_a_problem(client: Open) -> None:
    page, problem = client("clinic:one").get("/nothing", Accept="text/html"), client("clinic:one").get("/v1/nothing")
    assert (page.status, problem.status) == (404, 404)
    assert "Tidak ditemukan" in text_of(page) and problem.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_the_switch_of_language_leads_to_our_own_pages_only(back: str, client: Open) -> None:
    found = client(None).get(f"/language?{urlencode({'to': 'en', 'back': back})}")
    assert (found.status, found.headers["location"]) == (303, "/")
    assert "language=en" in found.headers["set-cookie"] and "HttpOnly" in found.headers["set-cookie"]
    assert client(None).get("/language?to=xx&back=/cover").headers.get("set-cookie") is None


def test_cover_is_one_sentence_and_a_fault_keeps_what_was_typed(client: Open) -> None:
    clerk = client("clinic:one")
    found = post(clerk, "/cover", {"member": f" {WORKER} ", "program": "JKK", "day": "2024-07-07"})
    assert found.status == 200 and "Ya, terlindungi JKK pada 7 Juli 2024." in text_of(found)
    wrong = post(clerk, "/cover", {"member": EVIL, "program": "JKX", "day": "kemarin"})
    assert wrong.status == 422 and "Pilih salah satu program" in text_of(wrong) and "Tulis tanggalnya" in text_of(wrong)
    one = post(clerk, "/cover", {"member": "123", "program": "JKK", "day": "2024-07-07"})
    assert (
        one.status == 422
        and 'value="123"' in text_of(one)
        and "terdiri atas" in text_of(one).lower()
        or "KPJ" in text_of(one)
    )


def test_what_is_typed_into_any_field_is_shown_as_text(client: Open) -> None:
    """Each form is answered with a fault, so that it shows what it was given; and the case shows what was sent."""
    fields = (
        "member",
        "day",
        "time",
        "accident.place",
        "accident.chronology",
        "ground",
        "reason",
        "amount",
        "line",
        "key",
    )
    given = dict.fromkeys(fields, EVIL)
    for kind, path in (
        ("clinic:one", "/cover"),
        ("clinic:one", "/report/accident"),
        ("desk:one", "/report/death"),
        ("desk:one", f"/claims/{OWN}/appeal"),
        ("clinic:one", f"/claims/{OWN}/papers"),
        ("officer:one", f"/tasks/{OWN}"),
    ):
        shown = text_of(post(client(kind), path, given | {"ground": "", "verdict": "x"}))
        assert "<script" not in shown and "<img" not in shown and "49" not in re.findall(r"&amp; (\S+)", shown), path


def test_the_steps_ask_only_what_the_case_needs(client: Open) -> None:
    clerk = client("clinic:one")
    given = {"key": "k", "member": WORKER, "day": "2024-07-07", "time": "10:00", "at": "what", "go": "next"}
    travel = given | {"accident.kind": "injury", "accident.setting": "commuting"}
    disease = given | {"accident.kind": "occupational_disease", "accident.setting": "workplace"}
    for form, asked, not_asked in (
        (travel, "accident.traffic", "accident.diagnosed_on"),
        (disease, "accident.diagnosed_on", "accident.traffic"),
    ):
        found = text_of(post(clerk, "/report/accident", form))
        assert f'name="{asked}"' in found and f'name="{not_asked}"' not in found
    back = text_of(post(clerk, "/report/accident", travel | {"at": "how", "go": "back"}))
    assert 'value="2024-07-07"' in back and 'value="commuting" checked' in back


def test_a_step_with_faults_is_shown_again_with_each_beside_its_field(client: Open) -> None:
    found = post(client("clinic:one"), "/report/accident", {"at": "who", "go": "next", "member": "12"})
    assert found.status == 422 and 'id="member-fault"' in text_of(found) and 'href="#member"' in text_of(found)
    assert "Kesalahan:" in text_of(found)
    form = {"at": "what", "go": "next", "member": WORKER, "day": "2024-07-07"}
    shown = text_of(post(client("clinic:one"), "/report/accident", form))
    assert all(f'id="{name}-fault"' in shown for name in ("time", "accident.kind", "accident.setting"))


def test_a_report_sent_twice_by_a_double_click_counts_once(client: Open) -> None:
    form = {
        "key": f"page-{next(_numbers)}",
        "member": WORKER,
        "day": "2024-07-07",
        "time": "10:00",
        "accident.kind": "injury",
        "accident.setting": "workplace",
        "documents": ["ktp", "membership_card"],
        "at": "check",
        "go": "next",
    }
    first, second = (post(client("clinic:one"), "/report/accident", form) for _ in range(2))
    assert first.status == second.status == 303
    assert first.headers["location"] == second.headers["location"]
    shown = text_of(client("clinic:one").get(first.headers["location"]))
    assert "Laporan diterima" in shown and "JKK-" in shown
    other = post(client("clinic:one"), "/report/accident", form | {"time": "11:00"})
    assert other.status == 422 and "sudah pernah dikirim" in text_of(other)


def test_a_preview_shows_what_follows_and_carries_the_form_to_be_sent(client: Open) -> None:
    officer = client("officer:one")
    given = {"verdict": "reject", "reason": "<script>x</script>", "key": "page-preview"}
    first = text_of(officer.get("/tasks/OFFICER-1"))
    revision = re.search(r'name="revision" value="(\d+)"', first)
    assert revision is not None
    found = post(officer, "/tasks/OFFICER-1", given | {"revision": revision[1], "step": "preview"})
    shown = text_of(found)
    assert found.status == 200 and "Bila keputusan ini dikirim" in shown and "<script" not in shown
    assert 'name="step" value="send"' in shown and 'type="hidden" name="verdict" value="reject"' in shown
    stale = post(officer, "/tasks/OFFICER-1", given | {"revision": "99", "step": "preview"})
    assert stale.status == 422 and 'role="alert"' in text_of(stale)


def test_a_ruling_without_verdict_or_reason_is_not_sent(client: Open) -> None:
    found = post(client("officer:one"), "/tasks/OFFICER-1", {"revision": "1", "step": "send"})
    assert found.status == 422
    assert all(f'href="#{name}"' in text_of(found) for name in ("verdict", "reason"))
    changed = {
        "revision": "1",
        "step": "preview",
        "verdict": "change",
        "reason": "x",
        "line": ["funeral"],
        "amount": ["abc"],
    }
    assert 'href="#amount"' in text_of(post(client("officer:one"), "/tasks/OFFICER-1", changed))


def test_values_that_no_form_has_are_a_fault_and_no_bug(client: Open) -> None:
    long = {"verdict": "approve", "reason": "x", "revision": "9" * 5000, "children": ["9" * 5000], "step": "preview"}
    assert post(client("officer:one"), f"/tasks/{OWN}", long).status == 422
    given = {"key": "k", "member": WORKER, "death.died_on": "2024-07-07", "death.cause": "illness", "go": "next"}
    for own in (
        {"heirs.relatives": ["uncle"]},
        {"children.birth_date": ["x"], "children.level": ["SD"]},
        {"documents": ["passport"]},
        {"death.died_on": "x"},
        {"death.cause": "x"},
    ):
        for at in ("family", "papers", "check"):
            found = post(client("desk:one"), "/report/death", given | own | {"at": at})
            assert found.status == 422 or at == "family" and "documents" in own, (own, at)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("850000", 850_000),
        ("850.000", 850_000),
        ("850,000", 850_000),
        ("Rp850.000,00", 850_000),
        ("Rp 1.000.000,-", 1_000_000),
        ("850,000.00", 850_000),
        ("500000.00", 500_000),
        ("0", 0),
        *(
            (one, None)
            for one in ("12,5", "0,5", "1.000.000,50", "850.000.00", "1.0000", "1.000,000", "1,5", "-5", "", "x")
        ),
    ],
)
def test_a_number_is_read_in_one_way_or_not_at_all(written: str, number: int | None) -> None:
    assert whole_number(written) == number


def test_an_amount_with_cents_is_refused_and_a_grouped_one_shown_as_understood(client: Open) -> None:
    given = {"key": "k", "member": WORKER, "day": "2024-07-07", "time": "10:00", "at": "papers", "go": "next"}
    given |= {"accident.kind": "injury", "accident.setting": "workplace"}
    found = post(client("clinic:one"), "/report/accident", given | {"costs.treatment": "850.000,00"})
    assert found.status == 200 and "Rp850.000<" in text_of(found).replace("\n", "")
    for wrong in ({"costs.treatment": "850.000,50"}, {"medical.unable_to_work_days": "12,5"}):
        found = post(client("clinic:one"), "/report/accident", given | wrong)
        assert found.status == 422 and f'id="{next(iter(wrong))}-fault"' in text_of(found), wrong
    form = {
        "revision": "1",
        "step": "preview",
        "verdict": "change",
        "reason": "x",
        "line": ["funeral"],
        "amount": ["0,5"],
    }
    assert 'href="#amount"' in text_of(post(client("officer:one"), f"/tasks/{OWN}", form))


def test_who_may_see_the_file_of_a_claim_is_led_to_it(client: Open) -> None:
    for kind in KINDS:
        if kind in ROLES["read_claim"]:
            found = text_of(client(name_of(kind)).get(f"/claims/{OWN}"))
            assert (f'href="/tasks/{OWN}"' in found) == (kind in ROLES["read_case"]), kind


def test_a_body_that_is_no_form_is_refused(client: Open) -> None:
    found = client("clinic:one").ask("POST", "/cover", b"{}", Content_Type="application/json")
    assert found.status == 415 and "text/html" in found.headers["content-type"]
    large = post(client("clinic:one"), "/cover", {"member": "x" * 70_000})
    assert large.status == 413
    many = post(client("clinic:one"), "/cover", {str(n): "x" for n in range(400)})
    assert many.status == 415
