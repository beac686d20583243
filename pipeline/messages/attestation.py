"""Attestation: a header by which a worker knows that a record came in by a door that knew its sender.

HMAC-SHA256 (RFC 2104) over topic, key, time of receipt and bytes of the event, whose `source` is the principal that the
door let in. Who can write a topic and has no key can so make nothing that counts; a copy of a record is a duplicate.
Pure: keys are handed in.
"""

import binascii
import hmac
from collections.abc import Callable, Sequence
from typing import Final

from pipeline.messages.records import RECEIVED_AT, Record

HEADER: Final = "attestation"
_PURPOSE: Final = b"santunan attestation 1"

Header = tuple[str, bytes]
Attests = Callable[[Record, str, int], bool]  # of a record of a topic and partition


class Attester:
    """`keys`: the first attests, each is believed, so that a key can be replaced while events are on their way."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        assert keys and all(keys), "no key attests nothing"
        self._keys = tuple(keys)

    def __repr__(self) -> str:
        return "Attester(…)"  # a key shall not reach a log

    def header(self, topic: str, key: bytes | None, value: bytes, headers: Sequence[Header] = ()) -> Header:
        """For a record that is handed in. `headers`: its others."""
        return HEADER, _code(self._keys[0], _text(topic, key, value, headers))

    def is_attested(self, record: Record, topic: str) -> bool:
        given: bytes | None = None
        for name, value in record.headers:
            if name == HEADER:
                if given is not None:
                    return False
                given = value or b""  # a client may write a header without a value
        if given is None:
            return False
        text = _text(topic, record.key, record.value, record.headers)
        return any([hmac.compare_digest(_code(key, text), given) for key in self._keys])


def _text(topic: str, key: bytes | None, value: bytes, headers: Sequence[Header]) -> bytes:
    """With the lengths of parts, so that no two records are one text. No key and an empty one are the same."""
    received = b",".join([one or b"" for name, one in headers if name == RECEIVED_AT])
    key = key or b""
    return b"%s\n%s\n%d %d\n%s%s%s" % (_PURPOSE, topic.encode(), len(key), len(received), key, received, value)


def _code(key: bytes, text: bytes) -> bytes:
    return binascii.b2a_base64(hmac.digest(key, text, "sha256"), newline=False)
