"""Sample documents of the API's description; each fits its schema. The persons are invented."""

from typing import Any, Final

NUMBER: Final = "19110000083"
ACCIDENT: Final[dict[str, Any]] = {
    "member": {"member_number": NUMBER},
    "accident": {"occurred_at": "2024-08-07T10:00:00+07:00", "place": "Tangerang"},
    "medical": {"unable_to_work_days": 12},
    "documents": ["membership_card", "ktp"],
}
DEATH: Final[dict[str, Any]] = {
    "member": {"member_number": NUMBER},
    "death": {"died_on": "2024-08-07", "cause": "illness"},
    "documents": ["membership_card", "ktp", "death_certificate"],
}
EVIDENCE: Final[dict[str, Any]] = {"documents": ["doctor_letter"]}
APPEAL: Final[dict[str, Any]] = {"ground": "Kecelakaan terjadi dalam perjalanan dinas; surat tugas terlampir."}
REVIEW: Final[dict[str, Any]] = {
    "claim_id": "JKK-2024-0034",
    "revision": 2,
    "verdict": "approve",
    "answers": ["REF_MEDICAL_ADVISOR"],
    "reason": "Surat dokter sudah diperiksa.",
}
SETTLEMENT: Final[dict[str, Any]] = {
    "payout_id": "JKK-2024-0034.r2.member",
    "claim_id": "JKK-2024-0034",
    "paid_on": "2024-08-20",
    "amount": 1_200_000,
}
SIGN_IN: Final[dict[str, Any]] = {"name": "office:contoh", "password": "empat kata yang panjang"}
CODE: Final[dict[str, Any]] = {"code": "123456"}
LINK: Final[dict[str, Any]] = {"link": "stl_contoh", "password": "empat kata yang panjang"}
WEBHOOK: Final[dict[str, Any]] = {"url": "https://klinik.example/santunan"}
HOLDER: Final[dict[str, Any]] = {"to": "urn:santunan:officer:budi"}
MEMBER_THEN: Final[dict[str, Any]] = {"member": NUMBER, "known_on": "2024-08-07T10:00:00+07:00", "day": "2024-08-07"}
COVER: Final[dict[str, Any]] = {"member": NUMBER, "program": "JKK", "day": "2024-08-07"}
EVENT: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "2024-0034-1",
    "source": "urn:santunan:clinic:plkk-0012",
    "type": "santunan.claim.accident.v1",
    "time": "2024-08-07T12:00:00+07:00",
    "datacontenttype": "application/json",
    "data": {"claim_id": "JKK-2024-0034", **ACCIDENT},
}
