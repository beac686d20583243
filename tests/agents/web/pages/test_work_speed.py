"""The queue with 10,000 referrals, and a claim with 200 events, on both engines: a page in 300 ms on the server.

Processor time of this process, which is the gateway's: the clock of a machine on which other tests run says little.
What passed, with the database's own time in it, is printed beside.
"""

import datetime as dt
import time
from collections.abc import Iterator

import pytest

from agents.settings import Settings
from agents.web.gate import Gateway
from pipeline.access.principals import new_principal
from pipeline.queries.queue import waiting
from pipeline.store.work_book import WorkBook
from tests.support import events as e
from tests.support.gateway import Answer, Client, running_gateway
from tests.support.office import disease
from tests.support.site import Site

MANY, EVENTS = 10_000, 200
LIMIT_SECONDS = 0.3
NOW = dt.datetime.now(dt.UTC)
OFFICER = new_principal("officer", "siti", "siti")


@pytest.fixture
def filled(site_settings: Settings) -> Iterator[Site]:
    """One referral is decided, and copied by the database; one claim gets 200 events."""
    site = Site(site_settings.database_url)
    site.run(*e.member(), *e.member("20000000022", "3671010101800002"), disease("Q", "2024-07-01"))
    site.run(disease("LONG", "2024-08-01", "20000000022"))
    site.run(
        *[
            e.evidence("LONG", f"2024-09-01T{one // 60:02}:{one % 60:02}:00", medical={"unable_to_work_days": 1 + one})
            for one in range(EVENTS - 1)
        ],
        size=20,
    )
    copied = {
        "cases": ("claim_id", "'Q-' || n"),
        "decisions": ("claim_id", "'Q-' || n"),
    }
    statements = []
    for table, (name, value) in copied.items():
        columns = [row[0] for row in site.rows(_COLUMNS[site.store.is_embedded].format(table))]
        changes = {name: value, "referral_id": "'Q-' || n || '.f1'", "urgency": _URGENCY, "progress": _PROGRESS}
        values = ", ".join(changes.get(one, f'"{one}"') for one in columns)
        names = ", ".join(f'"{one}"' for one in columns)
        statements.append(
            f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY - 2}) "  # noqa: S608
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, numbers WHERE claim_id = 'Q'"
        )
    site.change([*statements, "ANALYZE"])
    assert site.rows("SELECT count(*) FROM cases WHERE urgency > ''") == [(MANY,)]
    yield site
    site.close()


_COLUMNS = {
    True: "SELECT name FROM pragma_table_info('{}')",
    False: "SELECT column_name FROM information_schema.columns WHERE table_name = '{}'",
}
_URGENCY = "'202407' || (10 + n - n / 20 * 20) || substr(urgency, 9)"
_PROGRESS = "replace(progress, '2024-07-10', '2024-07-' || (10 + n - n / 20 * 20))"


def measured(engine: str, client: Client, path: str) -> Answer:
    """The quickest of five."""
    used, passed = [], []
    for _ in range(5):
        began, started = time.process_time(), time.perf_counter()
        found = client.get(path)
        used.append(time.process_time() - began)
        passed.append(time.perf_counter() - started)
        assert found.status == 200 and len(found.raw) < 150_000, (path, found.status, len(found.raw))
    print(
        f"{engine} {path.partition('&after')[0]}: {min(used) * 1000:.0f} ms of the processor, "
        f"{min(passed) * 1000:.0f} ms passed, {len(found.raw) // 1000} kB"
    )
    assert min(used) < LIMIT_SECONDS, path
    return found


@pytest.fixture
def client(filled: Site, site_settings: Settings) -> Iterator[Client]:
    found: Gateway
    with running_gateway(site_settings) as (found, port):
        found.access.add(OFFICER, "test", NOW)
        key = found.access.make_key(OFFICER.name, "", NOW + dt.timedelta(days=1), "test", NOW)[1]
        book = WorkBook(found.access)
        for row in waiting(filled.store, limit=100).rows[::3]:
            book.give(row.claim_id, row.referral_id, OFFICER.name, OFFICER.name, NOW)
        yield Client(port, key)


@pytest.mark.parametrize("site_settings", ["embedded", "kafka"], indirect=True)
def test_a_page_of_ten_thousand_referrals_and_a_claim_of_two_hundred_events(
    filled: Site, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = "embedded" if filled.store.is_embedded else "PostgreSQL"
    assert f"{MANY} klaim menunggu" in measured(engine, client, "/tasks").raw.decode()
    measured(engine, client, "/tasks?question=REF_PAK&whose=free&overdue=1")
    assert measured(engine, client, "/tasks?back=1").raw.count(b"<tr>") == 0, "none came back: all are looked at"
    far = waiting(filled.store, limit=9_000).cursor
    assert b"Ke awal" in measured(engine, client, f"/tasks?program=JKK&after={far}").raw
    claim = measured(engine, client, "/tasks/LONG").raw.decode()
    assert "50 terbaru dari" in claim and claim.count("<li><p><strong>") == 50
    assert b'rel="next"' in measured(engine, client, "/claims").raw
    assert b"LONG" in measured(engine, client, "/claims?number=LONG").raw
    assert b"rel" not in measured(engine, client, "/claims?state=APPROVED").raw.partition(b"<main")[2]
    rows = client.get("/v1/work?limit=50").json
    assert (len(rows["rows"]), rows["more"]) == (50, MANY - 50)
    for module in ("pipeline.queries.queue", "agents.web.pages.queue"):
        monkeypatch.setattr(f"{module}.MOST_COUNTED", MANY - 1)
    assert "lebih dari 10.000 klaim menunggu" in client.get("/tasks").raw.decode()
