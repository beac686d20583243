"""The AsyncAPI 3 document: every topic, who writes it, and the events in it, made of `schemas.contract`.

AsyncAPI 3.0 names no format for JSON Schema 2020-12, so payloads are written as draft 7, which reads the same for all
that our schemas use, but for arrays with places.
"""

import json
from pathlib import Path
from typing import Any, Final

from schemas import topics
from schemas.bundle import Bundle
from schemas.contract import EventType, event_types, json_schemas

FORMAT: Final = "application/schema+json;version=draft-07"
CONTENT_TYPE: Final = "application/cloudevents+json"
KAFKA_BINDING: Final = "0.5.0"
_CHECKPOINT: Final = "checkpoint"
ABOUT: Final[dict[str, tuple[str, str]]] = {
    topics.MEMBERS: ("Peserta: pendaftaran, program, upah, iuran, akhir kepesertaan.", "Members and their dues."),
    topics.ACCIDENTS: ("Klaim JKK, bukti tambahan, keberatan.", "Claims of accidents, evidence, appeals."),
    topics.DEATHS: ("Klaim JKM, bukti tambahan, keberatan.", "Claims of deaths, evidence, appeals."),
    topics.REVIEWS: ("Putusan petugas.", "Rulings of officers."),
    topics.SETTLEMENTS: ("Pembayaran yang sampai atau gagal.", "Payouts that were paid, or failed."),
    topics.HISTORY: (
        "Riwayat yang dimasukkan operator, dengan waktu kejadiannya sendiri.",
        "History that an operator submits; the event's own time counts.",
    ),
    topics.DECISIONS: ("Setiap keputusan atas klaim.", "Every decision on a claim."),
    topics.PAYOUTS: ("Perintah bayar dan perubahannya.", "Payouts ordered and adjusted."),
    topics.REFERRALS: (
        "Klaim yang menunggu petugas, atau tidak lagi.",
        "Claims that wait for an officer, or no longer.",
    ),
    topics.DEAD_LETTERS: ("Kejadian yang ditolak, dengan alasan.", "Events that were refused, with the reason."),
    topics.CHECKPOINTS: (
        "Checkpoint buku besar yang ditandatangani (C2SP signed-note), dan satu catatan untuk setiap pohonnya.",
        "Signed checkpoints of the ledger (C2SP signed-note), and a note of each of its trees.",
    ),
}


def asyncapi_document() -> dict[str, Any]:
    """Stands alone: nothing in it refers to another document."""
    bundle, kinds = Bundle(), event_types()
    schemas = json_schemas()
    for kind in kinds:
        bundle.add(kind.type, schemas[kind.type])
    channels = {_name(topic): _channel(topic, kinds) for topic in topics.ALL}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:santunan:events",
        "info": {
            "title": "Santunan",
            "version": "1",
            "description": "Klaim jaminan sosial tenaga kerja sebagai kejadian.\n\n"
            "Claims of workers' social security, as events.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": {_operation(topic): _action(topic) for topic in topics.ALL},
        "components": {
            "messages": {_name(kind.type): _message(kind) for kind in kinds} | {_CHECKPOINT: _checkpoint()},
            "schemas": {name: _in_draft_7(schema) for name, schema in sorted(bundle.schemas.items())},
            "messageTraits": {
                "cloudevent": {
                    "contentType": CONTENT_TYPE,
                    "headers": {"type": "object", "properties": {"content-type": {"type": "string"}}},
                }
            },
        },
    }


def write_asyncapi(file: Path) -> None:
    text = json.dumps(asyncapi_document(), indent=2, ensure_ascii=False, sort_keys=True)
    file.write_text(text + "\n", encoding="utf-8")


def _channel(topic: str, kinds: tuple[EventType, ...]) -> dict[str, Any]:
    inside = [kind for kind in kinds if topic in kind.topics or (topic == topics.HISTORY and kind.direction == "in")]
    names = [_CHECKPOINT] if topic == topics.CHECKPOINTS else [_name(kind.type) for kind in inside]
    return {
        "address": topic,
        "description": "\n\n".join(ABOUT[topic]),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": topic, "bindingVersion": KAFKA_BINDING}},
    }


def _checkpoint() -> dict[str, Any]:
    """No event: the text of a note, as a tool of others reads it."""
    origin = {"type": "string", "description": "asal log / origin of the log or of one of its trees"}
    return {
        "name": _CHECKPOINT,
        "title": "C2SP tlog-checkpoint",
        "summary": "Ditulis oleh / written by: urn:santunan:system:worker",
        "contentType": "text/plain",
        "payload": {"schemaFormat": FORMAT, "schema": {"type": "string"}},
        "bindings": {"kafka": {"key": origin, "bindingVersion": KAFKA_BINDING}},
    }


def _message(kind: EventType) -> dict[str, Any]:
    return {
        "name": kind.type,
        "title": kind.type,
        "summary": f"Ditulis oleh / written by: {', '.join(kind.writers)}",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"schemaFormat": FORMAT, "schema": {"$ref": f"#/components/schemas/{kind.type}"}},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "nomor peserta (KPJ), atau nomor klaim / member or claim"},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _operation(topic: str) -> str:
    return f"{_direction(topic)}-{_name(topic)}"


def _action(topic: str) -> dict[str, Any]:
    return {"action": _direction(topic), "channel": {"$ref": f"#/channels/{_name(topic)}"}}


def _direction(topic: str) -> str:
    """As the pipeline sees it."""
    return "receive" if topic in topics.INTAKE else "send"


def _name(written: str) -> str:
    return written.replace(".", "-")


def _in_draft_7(value: Any) -> Any:
    if isinstance(value, dict):
        return {"items" if key == "prefixItems" else key: _in_draft_7(one) for key, one in value.items()}
    return [_in_draft_7(one) for one in value] if isinstance(value, list) else value
