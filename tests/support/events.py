"""Short ways to make the events that tests hand in: dictionaries of CloudEvents, with ordinary facts by default.

A claim made here is one that is APPROVED, so that a test changes only what it is about.
"""

import datetime as dt
import itertools
import json
from typing import Any

NUMBER = "20000000011"
NIK = "3671010101800001"
OFFICE = "urn:santunan:office:tangerang"
CLINIC = "urn:santunan:clinic:plkk-0012"
DESK = "urn:santunan:desk:tangerang"
OFFICER = "urn:santunan:officer:a"
PAYMENTS = "urn:santunan:payments:bank"
WIB = dt.timezone(dt.timedelta(hours=7))
JKK_PAPERS = ["membership_card", "ktp", "doctor_letter"]
JKM_PAPERS = ["membership_card", "ktp", "family_card", "death_certificate", "heir_letter"]

_ids = itertools.count(1)


def event(
    kind: str, data: dict[str, Any], *, source: str = OFFICE, time: str = "2024-01-01T08:00:00", id: str = ""
) -> Any:
    """A CloudEvents document. `time` without an offset is Jakarta's; an empty `id` is a new one."""
    stamp = time if time[-6:-5] in "+-" or time.endswith("Z") else f"{time}+07:00"
    return {
        "specversion": "1.0",
        "id": id or f"e{next(_ids)}",
        "source": source,
        "type": f"santunan.{kind}.v1",
        "time": stamp,
        "datacontenttype": "application/json",
        "data": data,
    }


def raw(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def months(first: str, last: str) -> list[str]:
    """Every month from `first` to `last`, both included."""
    year, month = map(int, first.split("-"))
    found = []
    while f"{year}-{month:02}" <= last:
        found.append(f"{year}-{month:02}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def registered(number: str = NUMBER, nik: str = NIK, *, time: str = "2019-11-01T08:00:00", **change: Any) -> Any:
    data = {
        "member_number": number,
        "nik": nik,
        "birth_date": "1980-01-01",
        "segment": "PU",
        "registered_on": "2019-11-01",
        "programs": [{"program": "JKK", "since": "2019-11-01"}, {"program": "JKM", "since": "2019-11-01"}],
        "employer": {"number": "TNG00001", "scale": "small", "risk_class": "low"},
    }
    return event("member.registered", data | change, time=time)


def paid(first: str, last: str, paid_on: str, number: str = NUMBER, *, time: str = "") -> Any:
    data = {"member_number": number, "months": months(first, last), "paid_on": paid_on}
    return event("member.contribution-paid", data, time=time or f"{paid_on}T09:00:00")


def wage(month: str, amount: int, number: str = NUMBER, *, time: str = "", **change: Any) -> Any:
    data = {"member_number": number, "month": month, "wage": amount}
    return event("member.wage-reported", data | change, time=time or f"{month}-25T09:00:00")


def member(number: str = NUMBER, nik: str = NIK, *, amount: int = 4_000_000) -> list[Any]:
    """A wage earner with cover from 2019-11-02 on, everything paid in time up to 2026-12."""
    return [
        registered(number, nik),
        paid("2019-11", "2019-11", "2019-11-02", number),
        wage("2019-11", amount, number),
        paid("2019-12", "2026-12", "2019-12-10", number),
    ]


def accident(claim_id: str = "K1", day: str = "2024-07-07", number: str | None = NUMBER, **change: Any) -> Any:
    """A JKK claim: 30 days unable to work, concluded work-related. Keywords replace sections or the envelope."""
    envelope = {name: change.pop(name) for name in ("source", "time", "id") if name in change}
    data = {
        "claim_id": claim_id,
        "member": {"member_number": number},
        "accident": {"occurred_at": f"{day}T10:00:00+07:00"},
        "report": {"reported_at": f"{day}T15:00:00+07:00"},
        "conclusion": {"work_related": True, "concluded_on": day},
        "medical": {"unable_to_work_days": 30},
        "documents": JKK_PAPERS,
    }
    data = {name: value for name, value in (data | change).items() if value is not None}
    return event("claim.accident", data, **({"time": f"{day}T20:00:00"} | envelope))


def death(claim_id: str = "M1", day: str = "2024-07-07", number: str | None = NUMBER, **change: Any) -> Any:
    """A JKM claim with a spouse as heir and every paper."""
    envelope = {name: change.pop(name) for name in ("source", "time", "id") if name in change}
    data = {
        "claim_id": claim_id,
        "member": {"member_number": number},
        "death": {"died_on": day},
        "heirs": {"relatives": [{"relation": "widow"}]},
        "documents": JKM_PAPERS,
    }
    data = {name: value for name, value in (data | change).items() if value is not None}
    return event("claim.death", data, **({"time": f"{day}T20:00:00"} | envelope))


def evidence(claim_id: str, time: str, **sections: Any) -> Any:
    envelope = {name: sections.pop(name) for name in ("source", "id") if name in sections}
    return event("claim.evidence", {"claim_id": claim_id} | sections, time=time, **envelope)


def review(claim_id: str, revision: int, verdict: str, time: str, *, source: str = OFFICER, **change: Any) -> Any:
    data = {"claim_id": claim_id, "revision": revision, "verdict": verdict, "reason": "seen"} | change
    return event("claim.reviewed", data, source=source, time=time)


def appeal(claim_id: str, time: str) -> Any:
    return event("claim.appealed", {"claim_id": claim_id}, source=DESK, time=time)


def settled(payout_id: str, amount: int, paid_on: str, *, time: str = "") -> Any:
    data = {"payout_id": payout_id, "claim_id": payout_id.rsplit(".", 2)[0], "paid_on": paid_on, "amount": amount}
    return event("payout.settled", data, source=PAYMENTS, time=time or f"{paid_on}T12:00:00")


def failed(payout_id: str, failed_on: str) -> Any:
    data = {"payout_id": payout_id, "claim_id": payout_id.rsplit(".", 2)[0], "failed_on": failed_on}
    return event("payout.failed", data, source=PAYMENTS, time=f"{failed_on}T12:00:00")


def day_passed(day: str, *, time: str = "") -> Any:
    """As the clock sends it: when the day after it begins."""
    begun = dt.date.fromisoformat(day) + dt.timedelta(days=1)
    return event("clock.day-passed", {"day": day}, source="urn:santunan:system:clock", time=time or f"{begun}T00:00:00")
