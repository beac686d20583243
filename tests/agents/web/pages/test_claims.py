"""My claims: what is missing first, adding it, what became of what was sent, and what each kind may see and send."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from agents.settings import read_settings
from agents.web.gate import Gateway
from pipeline.access.principals import PERSONS, new_principal
from pipeline.messages.records import Chunk, Record
from schemas import topics
from tests.agents.web.conftest import NOW, WORKER
from tests.agents.web.pages.test_pages import EVIL, post, text_of
from tests.agents.web.pages.test_reports import HEIC, PNG, Report
from tests.support import events as e
from tests.support.gateway import Client, running_gateway
from tests.support.site import Site

CLINIC, DESK = "urn:santunan:clinic:one", "urn:santunan:desk:one"
WAITING, DEATH, ASKED, OWN_WORKER = "JKK-WAITING", "JKM-DEATH", "JKK-ASKED", "JKK-WORKER"
REASON = "Foto <b>luka</b> belum ada; minta visum."
Open = Callable[[str], Client]


class Scene:
    """A gateway, and a worker that runs when the test says so."""

    def __init__(self, site: Site, gateway: Gateway, port: int) -> None:
        self.site, self.gateway, self.port = site, gateway, port
        self.keys: dict[str, str] = {}
        self.place = max(entry.place for entry in site.log.read(0)) + 1  # type: ignore[union-attr]

    def work(self) -> None:
        """As a worker that was away reads what has waited."""
        for entry in self.site.log.read(self.place):  # type: ignore[union-attr]
            self.place = entry.place + 1
            if entry.topic in topics.INTAKE:
                record = Record(entry.offset, entry.timestamp_ms, entry.key, entry.value, ())
                self.site.process(Chunk(entry.topic, entry.partition, entry.offset, entry.offset + 1, (record,)))

    def client(self, name: str) -> Client:
        if name not in self.keys:
            kind, who = name.split(":")
            person = f"{kind}-{who}" if kind in PERSONS else None
            self.gateway.access.add(new_principal(kind, who, person), "test", NOW)
            made = self.gateway.access.make_key(f"urn:santunan:{name}", "", NOW.replace(year=2100), "test", NOW)
            self.keys[name] = made[1]
        return Client(self.port, self.keys[name])


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A clinic's claim that waits for two papers, one that an officer asks a paper for, and a desk's death claim."""
    url = f"sqlite:///{tmp_path}/santunan.db"
    site = Site(url, partitions=1)
    concluded = {"conclusion": {"work_related": True, "concluded_on": "2024-07-08"}}
    concluded["report"] = {"reported_at": "2024-07-08T08:00:00+07:00"}
    site.run(
        *e.member(),
        *e.member("20000000033", "3671010101800003"),
        e.registered(WORKER, "3671010101800002", employer={"number": "NP000001"}),
        e.paid("2019-11", "2019-11", "2019-11-02", WORKER),
        e.wage("2019-11", 4_000_000, WORKER),
        e.paid("2019-12", "2026-12", "2019-12-10", WORKER),
        e.accident(WAITING, source=CLINIC, conclusion=None, report=None, documents=["ktp"]),
        e.evidence(WAITING, "2024-07-08T08:00:00", source=e.OFFICE, **concluded),
        e.accident(ASKED, "2024-07-07", number="20000000033", source=CLINIC, conclusion=None, report=None),
        e.evidence(ASKED, "2024-07-08T09:00:00", source=e.OFFICE, **concluded),
        e.review(ASKED, 2, "request_documents", "2024-07-09T08:00:00", documents=["visum"], reason=REASON),
        e.death(DEATH, "2024-09-01", number="20000000033", source=DESK, documents=["ktp"]),
        e.accident(OWN_WORKER, "2024-08-08", number=WORKER, source=CLINIC, conclusion=None, report=None),
    )
    with running_gateway(read_settings(database_url=url, web_rate=10_000)) as (gateway, port):
        yield Scene(site, gateway, port)
    site.close()


def test_what_is_missing_comes_first_in_the_list_and_on_the_claim(scene: Scene) -> None:
    clerk = scene.client("clinic:one")
    listed = text_of(clerk.get("/claims"))
    assert listed.index("2 klaim menunggu dokumen") < listed.index("<table")
    assert f'href="/claims/{WAITING}#add"' in listed and "surat keterangan dokter" in listed
    shown = text_of(clerk.get(f"/claims/{WAITING}"))
    assert shown.index("Yang masih kurang") < shown.index('class="answer"')
    assert "menunggu dokumen" not in text_of(scene.client("clinic:two").get("/claims"))


def test_the_officers_reason_is_shown_where_a_paper_is_asked_for(scene: Scene) -> None:
    shown = text_of(scene.client("clinic:one").get(f"/claims/{ASKED}"))
    assert "visum" in shown and "Petugas menulis:" in shown and "&lt;b&gt;" in shown and "<b>luka" not in shown


def test_papers_and_photos_complete_a_claim_and_count_once(scene: Scene) -> None:
    clerk = scene.client("clinic:one")
    first = Report(clerk)
    fields = {"key": "key-of-the-form", "papers": "membership_card", "paper": "doctor_letter"}
    where = [first.put_files("", fields, PNG, path=f"/claims/{WAITING}/papers").headers["location"] for _ in range(2)]
    assert where == [f"/claims/{WAITING}?sent=key-of-the-form"] * 2
    assert "akan dinilai kembali" in text_of(clerk.get(where[0])) or "Sudah diterima" in text_of(clerk.get(where[0]))
    scene.work()
    shown = text_of(clerk.get(where[0]))
    assert "Sudah diterima dan diperhitungkan." in shown and "Yang masih kurang" not in shown
    assert len(re.findall("<strong>Keterangan atau dokumen", shown)) == 1
    assert "kartu peserta BPJS Ketenagakerjaan, surat keterangan dokter" in shown.replace("\n", "")


@pytest.mark.parametrize(
    ("fields", "files", "field"),
    [
        ({"papers": "ktp"}, [HEIC], "paper"),
        ({"papers": "ktp", "paper": "visum"}, [HEIC], "files"),
        ({"papers": "ktp", "paper": "visum"}, [b"GIF89a"], "files"),
        ({}, [], "papers"),
    ],
)
def test_a_fault_keeps_the_ticks_and_is_said_at_the_field(
    fields: dict[str, str], files: list[bytes], field: str, scene: Scene
) -> None:
    clerk = scene.client("clinic:one")
    found = Report(clerk).put_files("", fields, *files, path=f"/claims/{ASKED}/papers")
    assert found.status == 303
    shown = text_of(clerk.get(found.headers["location"].partition("#")[0]))
    assert f'id="{field}-fault"' in shown and "<title>Kesalahan:" in shown


def test_what_a_worker_refused_says_why_on_the_claim(scene: Scene) -> None:
    """A clinic that is told the claim's number alone, and names another member."""
    clerk = scene.client("clinic:one")
    made = clerk.report(
        f"/v1/claims/{WAITING}/evidence", "other", {"member_number": "20000000033", "documents": ["ktp"]}
    )
    assert made.status == 202
    scene.work()
    shown = text_of(clerk.get(f"/claims/{WAITING}?sent=other"))
    assert "Tidak diterapkan." in shown and "Kiriman tidak dapat diterapkan" in shown
    assert "Tidak diterapkan." not in text_of(clerk.get(f"/claims/{ASKED}"))


def test_an_employer_reports_an_accident_that_a_clinic_has_opened_once(scene: Scene) -> None:
    employer = scene.client("employer:np000001")
    shown = text_of(employer.get(f"/claims/{OWN_WORKER}"))
    assert "2×24 jam" in shown and "diagnos" not in shown.lower()
    assert "Mintalah pemberi kerja segera mengirim laporan pertama (tahap I)" in shown
    found = post(employer, f"/claims/{OWN_WORKER}/report", {"key": "one"})
    scene.work()
    shown = text_of(employer.get(found.headers["location"]))
    assert "Sudah diterima dan diperhitungkan." in shown and "Laporkan kecelakaan ini" not in shown
    assert OWN_WORKER in text_of(employer.get("/claims"))
    assert "Bapak/Ibu cukup menunggu kesimpulan itu." in shown and "Mintalah pemberi kerja" not in shown
    clerk = text_of(scene.client("clinic:one").get(f"/claims/{OWN_WORKER}"))
    assert "Laporkan kecelakaan ini" not in clerk
    assert scene.client("employer:np000009").get(f"/claims/{OWN_WORKER}").status == 404


def test_a_desk_adds_heirs_and_children_and_objects(scene: Scene) -> None:
    desk = scene.client("desk:one")
    family = {"heirs.relatives": ["widow", "child"], "children.birth_date": ["2012-01-01"], "children.level": ["SD"]}
    for wrong, field in (
        ({}, "heirs.relatives"),
        ({"heirs.relatives": [EVIL]}, "heirs.relatives"),
        ({"children.birth_date": [EVIL], "children.level": [""]}, "children"),
    ):
        found = post(desk, f"/claims/{DEATH}/family", wrong)
        assert found.status == 422 and f'id="{field}-fault"' in text_of(found) and "<img" not in text_of(found)
    found = post(desk, f"/claims/{DEATH}/family", family | {"key": "family"})
    scene.work()
    assert "Sudah diterima dan diperhitungkan." in text_of(desk.get(found.headers["location"]))
    wrong = post(desk, f"/claims/{DEATH}/appeal", {"key": "appeal", "ground": EVIL})
    assert wrong.status == 422 and 'id="ground-fault"' in text_of(wrong) and "&lt;script&gt;" in text_of(wrong)
    found = post(desk, f"/claims/{DEATH}/appeal", {"key": "appeal", "ground": EVIL.partition("\u202e")[0]})
    scene.work()
    shown = text_of(desk.get(found.headers["location"]))
    assert "<strong>Keberatan" in shown
    for name in ("clinic:one", "employer:np000001"):
        refused = post(scene.client(name), f"/claims/{WAITING}/appeal", {"ground": "x"})
        assert refused.status in (403, 404), name


def test_an_address_that_somebody_wrote_himself_says_nothing(scene: Scene) -> None:
    query = urlencode({"sent": EVIL, "fault": EVIL, "ticked": EVIL})
    found = scene.client("clinic:one").get(f"/claims/{WAITING}?{query}")
    assert found.status == 200 and 'role="status"' not in text_of(found) and "<script" not in text_of(found)
    assert scene.client("auditor:ani").get(f"/claims/{WAITING}?sent=x").status == 200
