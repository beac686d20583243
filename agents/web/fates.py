"""The fate of an event in words: the answer of a receipt, in Indonesian or English."""

from collections.abc import Mapping
from typing import Any, Final

from agents.web.problems import Problem
from agents.web.submitting import claim_address, receipt_document, receipt_schema
from pipeline.explain import Language
from pipeline.operations.fate import WAITS_FOR_CLAIM, Fate, Followed
from schemas.bundle import Bundle, Schema

# state or reason: (title and remedy in Indonesian, in English)
_SAID: Final[Mapping[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "waiting": (
        ("menunggu dibaca", "Tanyakan lagi nanti, atau tunggulah dengan `wait`."),
        ("waits to be read", "Ask again later, or wait for it with `wait`."),
    ),
    "applied": (
        ("sudah dipakai", "Tidak perlu apa-apa lagi untuk kiriman ini; klaimnya menyebut apa yang masih diminta."),
        ("applied", "Nothing is to be done about this event; its claim says what is asked for."),
    ),
    "duplicate": (
        ("kiriman yang sama sudah dipakai", "Tidak perlu apa-apa lagi; kiriman ini tidak mengubah apa pun."),
        ("the same event was applied before", "Nothing is to be done; this one changed nothing."),
    ),
    WAITS_FOR_CLAIM: (
        (
            "tercatat, tetapi belum dihitung",
            "Belum ada klaim dengan nomor ini, atau Anda bukan pihak di dalamnya. Periksa nomor klaim dan kirimkan "
            "lagi dengan nomor peserta (`member_number`) yang benar, dengan nomor kiriman baru.",
        ),
        (
            "kept, but not counted so far",
            "There is no claim of this id yet, or you are no party to it. Check the claim id, and send it again with "
            "the right `member_number`, under a new id.",
        ),
    ),
}


_PROOF_SAID: Final = {
    True: (
        "Simpan `receipt` sebagai berkas JSON; `santunan receipt verify` memeriksanya dengan kunci umum.",
        "Keep `receipt` as a JSON file; `santunan receipt verify` checks it with the public key.",
    ),
    False: (
        "Belum ditandatangani: setelah kiriman dibaca, worker yang berjalan menandatanganinya dalam satu menit. "
        "Tanyakan lagi sesudah waktu itu.",
        "Not signed yet: once the event is read, a running worker signs it within a minute. Ask again after that time.",
    ),
}
_PROOF: Final[Schema] = {
    "type": "object",
    "required": ["state", "detail"],
    "properties": {
        "state": {"enum": ["waiting", "signed"]},
        "detail": {"type": "string"},
        "expected_by": {"type": "string", "format": "date-time", "description": "of one that waits"},
        "receipt": {
            "type": "object",
            "description": "of one that is signed: leaf, salt, paths and checkpoint; its digest is salted",
            "required": ["format", "leaf", "index", "path", "salt", "head", "checkpoint"],
        },
    },
}


def followed_schema(bundle: Bundle) -> Schema:
    """A receipt with the fate of its event."""
    receipt_schema(bundle)
    receipt = bundle.schemas["Receipt"]
    text = {"type": "string"}
    properties: Schema = {
        "state": {"enum": ["waiting", "applied", "duplicate", "refused"]},
        "code": text | {"pattern": "^[A-Z][A-Z0-9_]*$", "description": "why it was refused, or is not counted so far"},
        "title": text,
        "detail": text | {"description": "what to do now"},
        "claim": text | {"description": "address of the claim, where you are a party to it"},
        "revision": {"type": "integer", "minimum": 0, "description": "of the claim as it is now; 0: not decided yet"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": text | {"description": "JSON pointer into the whole event"},
                    "detail": text,
                },
            },
        },
    }
    fate = bundle.add("Fate", {"type": "object", "required": ["state", "title", "detail"], "properties": properties})
    proof = bundle.add("Proof", _PROOF)
    with_fate = {
        "required": [*receipt["required"], "fate", "proof"],
        "properties": receipt["properties"] | {"fate": fate, "proof": proof},
    }
    return bundle.add("FollowedReceipt", receipt | with_fate)


def followed_document(found: Followed, language: Language) -> dict[str, Any]:
    fate = fate_document(found.fate, language)
    return {**receipt_document(found.receipt), "fate": fate, "proof": _proof_document(found, language)}


def _proof_document(found: Followed, language: Language) -> dict[str, Any]:
    detail = _PROOF_SAID[found.proof is not None][0 if language == "id" else 1]
    if found.proof is not None:
        return {"state": "signed", "detail": detail, "receipt": found.proof}
    assert found.proof_by is not None, "there is no proof yet"
    return {"state": "waiting", "detail": detail, "expected_by": found.proof_by}


def fate_document(fate: Fate, language: Language) -> dict[str, Any]:
    """`errors`, `title` and `detail` of what was refused are those of a problem; pointers lead into the whole event."""
    if fate.state == "refused":
        problem = Problem(str(fate.reason), 422, fate.errors).document(language)
        said = {name: one for name, one in problem.items() if name in ("code", "title", "detail", "errors")}
        return {"state": fate.state, **said}
    title, detail = _SAID[fate.reason or fate.state][0 if language == "id" else 1]
    where: dict[str, Any] = {} if fate.revision is None else {"revision": fate.revision}
    if fate.claim_id is not None and (address := claim_address(fate.claim_id)) is not None:
        where["claim"] = address
    code = {"code": fate.reason} if fate.reason is not None else {}
    return {"state": fate.state, **code, "title": title, "detail": detail, **where}
