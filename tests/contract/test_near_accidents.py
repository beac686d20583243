"""An accident told twice for two days is found again in the store, whichever event asks, and replayed the same."""

import pytest

from pipeline.audit.replay import replay
from tests.support import events as e
from tests.support.site import Site

EVENING = {"occurred_at": "2024-07-06T22:30:00+07:00"}
PAPUA = {"occurred_at": "2024-07-08T00:30:00+09:00"}  # 24 hours later, two days later as written
CONCLUDED = {"report": None, "conclusion": {"work_related": True, "concluded_on": "2024-07-10"}}


def claim(claim_id: str, accident: dict[str, str], hour: int, **change: object) -> object:
    time = f"2024-07-10T{hour:02}:00:00"
    return e.accident(claim_id, accident=accident, time=time, **(CONCLUDED | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 1000])
def test_the_second_telling_waits_for_an_officer(site: Site, size: int) -> None:
    site.run(*e.member(), claim("K1", EVENING, 8), claim("K2", PAPUA, 9), claim("K3", EVENING, 10), size=size)
    assert [(one[0], *one[2:4]) for one in site.decisions()] == [
        ("K1", "APPROVED", ("OK",)),
        ("K2", "REFERRED", ("CLM_SAME_EVENT",)),
        ("K3", "REJECTED", ("CLM_DUPLICATE",)),
    ]
    assert replay(site.store).differences == ()


def test_evidence_that_moves_the_day_finds_the_neighbour(site: Site) -> None:
    elsewhere = {"occurred_at": "2024-06-01T08:00:00+07:00"}
    site.run(
        *e.member(),
        claim("K1", EVENING, 8),
        claim("K2", elsewhere, 9, documents=["ktp"]),
        e.evidence("K2", "2024-07-11T08:00:00", accident=PAPUA),
        e.evidence("K2", "2024-07-12T08:00:00", documents=e.JKK_PAPERS),
        size=1,
    )
    last = site.decisions()[-1]
    assert (last[0], last[2], last[3]) == ("K2", "REFERRED", ("CLM_SAME_EVENT",))
    assert replay(site.store).differences == ()
