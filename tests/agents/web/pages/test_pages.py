"""Every page of every role: in both languages, without a script, and with what was typed shown as text."""

import itertools
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from agents.web.pages.report_steps import whole_number
from pipeline.access.roles import ROLES
from tests.agents.web.conftest import FOREIGN, OWN, WORKER, Make
from tests.support.browser import PASSWORD
from tests.support.gateway import FORM, Answer, Client

Open = Callable[[str | None], Client]
PATHS: Final = {
    "/cover": "check_cover",
    "/claims": "list_claims",
    f"/claims/{OWN}": "read_claim",
    "/tasks": "list_work",
    f"/tasks/{OWN}": "read_case",
    f"/claims/{OWN}/letter": "explain_claim",
    "/members": "import_members",
    "/claim-sheet": "import_claims",
    "/contributions": "import_contributions",
    "/known": "import_known",
    "/known/matches": "list_known_matches",
    "/law": "read_law",
    "/law/funeral": "read_parameter",
    "/law/compare?first=2019-12-01&second=2019-12-02": "compare_law",
    "/report/accident": "report_accident",
    "/report/death": "report_death",
    "/state": "read_state",
    "/state/refused": "list_refused",
    "/access": "list_access",
    "/access/log": "read_access_log",
    "/find": "find",
    f"/trail/{OWN}": "read_trail",
    f"/claims/{OWN}/known": "read_known",
    "/cover/known": "read_member_known",
    "/person": "read_kept",
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
    return client.form(path, form, **headers)


def opened(client: Client, path: str, **headers: str) -> Answer:
    """The page; of a report its first step, where a new one leads to."""
    found = client.get(path, **headers)
    return client.get(found.headers["location"], **headers) if found.status == 303 else found


def text_of(answer: Answer) -> str:
    return answer.raw.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_each_page_opens_for_whom_the_table_of_roles_says(kind: str, client: Open) -> None:
    for (path, operation), language in itertools.product(PATHS.items(), ("id", "en")):
        found = opened(client(name_of(kind)), path, Cookie=f"language={language}")
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
        if OWN not in path and not path.startswith(("/law/", "/access/", "/known/")):
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
    assert "nomor peserta (KPJ: 11 angka" in text_of(wrong), "a wrong number is said with the others, at once"
    one = post(clerk, "/cover", {"member": "123", "program": "JKK", "day": "2024-07-07"})
    assert (
        one.status == 422
        and 'value="123"' in text_of(one)
        and "terdiri atas" in text_of(one).lower()
        or "KPJ" in text_of(one)
    )


def test_a_family_desk_asks_about_deaths_and_others_about_accidents(client: Open) -> None:
    for kind, program in (("desk", "JKM"), ("clinic", "JKK")):
        chosen = re.findall(r'value="(JK.)"[^>]* checked', client(f"{kind}:one").get("/cover").raw.decode())
        assert chosen == [program]


def test_what_is_typed_into_any_field_is_shown_as_text(client: Open) -> None:
    """Each form is answered with a fault, so that it shows what it was given; and the case shows what was sent."""
    fields = (
        "member",
        "day",
        "ground",
        "reason",
        "amount",
        "line",
        "key",
        "text",
        "who",
        "written",
    )
    given = dict.fromkeys(fields, EVIL)
    for kind, path in (
        ("clinic:one", "/cover"),
        ("desk:one", f"/claims/{OWN}/appeal"),
        ("clinic:one", f"/claims/{OWN}/papers"),
        ("officer:one", f"/tasks/{OWN}"),
        ("officer:one", "/law/funeral/try"),
        ("operator:one", "/access/add"),
        ("auditor:one", "/find"),
        ("auditor:one", f"/trail/{OWN}/person"),
    ):
        shown = text_of(post(client(kind), path, given | {"ground": "", "verdict": "x"}))
        assert "<script" not in shown and "<img" not in shown and "49" not in re.findall(r"&amp; (\S+)", shown), path


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


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("850000", 850_000),
        ("850.000", 850_000),
        ("Rp850.000,00", 850_000),
        ("Rp 1.000.000,-", 1_000_000),
        ("850,000.00", 850_000),
        ("500000.00", 500_000),
        ("0", 0),
        *(
            (one, None)
            for one in ("12,5", "850,000", "1.000.000,50", "850.000.00", "1.0000", "1.000,000", "1,5", "-5", "", "x")
        ),
    ],
)
def test_a_number_is_read_in_one_way_or_not_at_all(written: str, number: int | None) -> None:
    assert whole_number(written) == number


def test_an_amount_that_can_be_read_in_two_ways_is_a_fault(client: Open) -> None:
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


# --- a form that outlives its session


def test_a_form_without_a_session_goes_through_the_door_and_sends_nothing_by_itself(client: Open) -> None:
    form = {"verdict": "approve", "reason": EVIL, "step": "send", "key": "k"}
    own = {"Sec_Fetch_Site": "same-origin"}
    door = post(client(None), "/tasks/OFFICER-1", form, **own)
    kept = re.search(r'name="kept" value="([^"]+)"', text_of(door))
    assert door.status == 200 and kept is not None and "<script" not in text_of(door)
    for foreign in ({"Sec_Fetch_Site": "cross-site"}, {}):
        refused = post(client(None), "/tasks/OFFICER-1", form, **foreign)
        assert (refused.status, refused.headers["location"]) == (303, "/sign-in?back=/"), "not of our own pages"
    large = post(client(None), "/tasks/OFFICER-1", {"reason": "x" * 70_000}, **own)
    assert large.status == 303


def test_what_was_kept_is_shown_again_after_signing_in_and_leads_to_our_own_pages_only(
    client: Open, make: Make, unhurried: None
) -> None:
    make("clinic:kept")
    signed = {"name": "clinic:kept", "password": PASSWORD, "kept": urlencode({"step": "send", "reason": EVIL})}
    own = {"Sec_Fetch_Site": "same-origin"}
    path, body = "/sign-in", urlencode(signed | {"back": "/tasks/OFFICER-1"}).encode()
    entered = client(None).ask("POST", path, body, Content_Type=FORM, **own)
    session = entered.headers["set-cookie"].partition(";")[0]
    shown = client(None).get(entered.headers["location"], Cookie=session)
    said = text_of(shown)
    assert shown.status == 200 and "<script" not in said
    assert 'action="/tasks/OFFICER-1"' in said and 'name="step" value="preview"' in said and 'value="send"' not in said
    for back in ("https://evil.example/", "//evil.example/"):
        found = post(client(None), "/sign-in", signed | {"back": back}, **own)
        assert (found.status, found.headers["location"]) == (303, "/")


# --- the queue


def test_the_next_claim_is_one_that_nobody_else_has(client: Open) -> None:
    siti, budi = client("officer:one"), client("officer:two")
    leads = siti.get("/tasks?next=ANOTHER&program=JKK")
    assert (leads.status, leads.headers["location"]) == (303, "/tasks/OFFICER-1?list=program%3DJKK")
    assert siti.get("/tasks?next=OFFICER-1").headers["location"] == "/tasks", "none is left but the one that is done"
    assert budi.ask("POST", "/v1/claims/OFFICER-1/holder", {}).status == 200
    try:
        assert siti.get("/tasks?next=ANOTHER").headers["location"] == "/tasks"
        refused = siti.ask("POST", "/v1/claims/OFFICER-1/holder", {})
        assert (refused.status, refused.json["code"]) == (409, "HELD")
        [row] = [one for one in siti.get("/v1/work").json["rows"] if one["claim_id"] == "OFFICER-1"]
        assert row["holder"] == "urn:santunan:officer:two"
        assert siti.get("/v1/work?whose=others").json["rows"] and not siti.get("/v1/work?whose=own").json["rows"]
        assert siti.ask("DELETE", "/v1/claims/OFFICER-1/holder").status == 404
        given = budi.ask("POST", "/v1/claims/OFFICER-1/holder", {"to": "urn:santunan:auditor:one"})
        assert (given.status, given.json["errors"][0]["pointer"]) == (422, "/to")
    finally:
        assert budi.ask("DELETE", "/v1/claims/OFFICER-1/holder").status == 200


def test_what_is_no_filter_of_ours_is_left_out_of_the_address(client: Open) -> None:
    shown = text_of(
        client("officer:one").get(f"/tasks?{urlencode({'question': EVIL, 'whose': 'x', 'program': 'JKK'})}")
    )
    assert "<script" not in shown and 'value="JKK" selected' in shown
    listed = urlencode({"list": urlencode({"whose": EVIL, "program": "JKK", "evil": "1"})})
    assert 'href="/tasks?program=JKK"' in text_of(client("officer:one").get(f"/tasks/OFFICER-1?{listed}"))


def test_a_filter_that_is_not_known_is_said(client: Open) -> None:
    said = "Sebuah nilai pada alamat tidak dikenal, jadi daftar tidak disaring menurut: Yang ditanyakan"
    officer = client("officer:one")
    assert said in " ".join(text_of(officer.get("/tasks?question=REF_NOTHING")).split())
    assert "tidak disaring" not in text_of(officer.get("/tasks?question=REF_PAK&program=&whose=free"))


# --- what a clerk is told


@pytest.mark.parametrize("kind", ["clinic:one", "office:one"])
def test_cover_says_why_by_which_article_and_what_would_mend_it(kind: str, client: Open) -> None:
    """To a clinic without the numbers, days and sums of the membership."""
    clerk = client(kind)
    for member, day, why, mend in (
        (
            "99999999999",
            "2024-07-07",
            "Tidak ada peserta dengan nomor ini.",
            "Perlindungan mulai setelah iuran pertama",
        ),
        (WORKER, "2019-10-01", "Hari itu sebelum perlindungan mulai.", "bawalah bukti pembayarannya"),
    ):
        found = text_of(post(clerk, "/cover", {"member": member, "program": "JKK", "day": day}))
        assert f"<p>{why}</p>" in found and mend in found and "PP 44/2015" in found or "Permenaker" in found
        assert "<dt>Aturan</dt>" in found
        assert ("<dt>Perlindungan mulai</dt>" in found) == (kind == "office:one" and member == WORKER)
    yes = text_of(post(clerk, "/cover", {"member": WORKER, "program": "JKK", "day": "2024-07-07"}))
    assert ("<dt>Iuran dibayar sampai</dt>" in yes) == (kind == "office:one") and "<dt>Aturan</dt>" not in yes


def test_claims_are_found_by_part_of_the_number_and_by_state(client: Open) -> None:
    office = client("office:one")
    part = text_of(office.get("/claims?number=foreign"))
    assert f'href="/claims/{FOREIGN}"' in part and f'href="/claims/{OWN}"' not in part
    assert 'value="foreign"' in part and 'role="status"' not in part
    nothing = text_of(office.get("/claims?number=NOT-THERE"))
    assert "Tidak ada klaim yang cocok." in nothing and 'href="/claims/NOT-THERE"' in nothing
    pending = text_of(office.get("/claims?state=PENDING"))
    assert 'value="PENDING" selected' in pending and "OFFICER-1" not in pending
    for wrong in (EVIL, "x" * 65):
        found = office.get(f"/claims?{urlencode({'number': wrong})}")
        assert found.status == 422 and 'id="number-fault"' in text_of(found) and "<script" not in text_of(found)
    assert f'href="/claims/{FOREIGN}"' not in text_of(client("clinic:one").get("/claims?number=foreign"))
