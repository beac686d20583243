"""Signed checkpoints, against the published example of Go's sumdb/note."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipeline.ledger.notes import SigningKey, signatures, signed_checkpoint, split_notes, with_cosignature
from pipeline.ledger.verifier import Checkpoint, opened, read_key

# The example of the documentation of golang.org/x/mod/sumdb/note.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = SigningKey("santunan.test/heads", sha256(b"a key for tests").digest())
OTHER = SigningKey("santunan.test/heads", sha256(b"another key for tests").digest())
ROOT = sha256(b"root").digest()


def test_keys_and_signatures_are_those_of_go() -> None:
    key = SigningKey.read(GO_PRIVATE)
    assert key.public() == GO_PUBLIC
    assert key.signature(GO_TEXT) == GO_LINE
    assert key.written() == GO_PRIVATE


def test_a_checkpoint_is_read_as_it_was_signed() -> None:
    note = signed_checkpoint(4711, ROOT, [KEY])
    assert opened(note, [KEY.public()]) == Checkpoint("santunan.test/heads", 4711, ROOT)
    assert note.splitlines()[:2] == ["santunan.test/heads", "4711"]


def test_no_changed_byte_of_a_checkpoint_is_accepted() -> None:
    note = signed_checkpoint(4711, ROOT, [KEY])
    accepted = 0
    for place in range(len(note)):
        changed = note[:place] + chr(ord(note[place]) ^ 1) + note[place + 1 :]
        try:
            accepted += opened(changed, [KEY.public()]) is not None
        except ValueError:
            continue
    assert accepted == 0


def test_a_checkpoint_of_another_key_is_refused() -> None:
    with pytest.raises(ValueError, match="none of these keys"):
        opened(signed_checkpoint(1, ROOT, [OTHER]), [KEY.public()])


def test_a_rotation_is_signed_by_both_keys() -> None:
    note = signed_checkpoint(1, ROOT, [KEY, OTHER])
    assert opened(note, [KEY.public()]) == opened(note, [OTHER.public()])


def test_a_cosignature_is_kept_and_read() -> None:
    note = signed_checkpoint(1, ROOT, [KEY])
    witness = f"\u2014 witness.test {base64.b64encode(bytes(76)).decode()}\n"
    both = with_cosignature(note, witness, [KEY.public()])
    assert [one.name for one in signatures(both)] == ["santunan.test/heads", "witness.test"]
    assert opened(both, [KEY.public()]) == opened(note, [KEY.public()])
    with pytest.raises(ValueError, match="already"):
        with_cosignature(both, witness, [KEY.public()])


def test_notes_in_one_file_are_told_apart() -> None:
    notes = [signed_checkpoint(size, ROOT, [KEY, OTHER]) for size in (1, 2, 3)]
    assert split_notes("\n".join(notes)) == notes


@pytest.mark.parametrize("place", [0, 5, 30, 40, 90])
def test_a_damaged_key_is_refused(place: int) -> None:
    for written, read in ((KEY.public(), read_key), (KEY.written(), SigningKey.read)):
        at = place % len(written)
        with pytest.raises(ValueError):
            read(written[:at] + chr(ord(written[at]) ^ 1) + written[at + 1 :])


def test_a_key_does_not_show_itself() -> None:
    assert KEY.seed.hex() not in repr(KEY)
    assert "PRIVATE" not in repr(KEY)
    Ed25519PublicKey.from_public_bytes(read_key(KEY.public())[1])
