"""The signature of a post, by the scheme of Standard Webhooks (version 1 of its specification)."""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable


def headers_of(message_id: str, body: bytes, secrets: Iterable[bytes], now: dt.datetime) -> dict[str, str]:
    """`secrets`: the one in force first; while it replaces another one, each of them signs."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = (base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
