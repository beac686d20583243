"""Sealed secrets: opened by their key for their row, and by nothing else."""

import pytest

from pipeline.errors import NotReady
from pipeline.sealing import MARK, Sealer, sealed, unsealed

OLD, NEW = b"a" * 64, b"b" * 64
ROW = "second_factors urn:santunan:officer:siti"


def test_a_secret_opens_for_its_row_and_no_other() -> None:
    sealer = Sealer([OLD])
    stored = sealed(sealer, b"JBSWY3DPEHPK3PXP", ROW)
    assert b"JBSWY3DP" not in stored and stored != sealed(sealer, b"JBSWY3DPEHPK3PXP", ROW), "a nonce of its own"
    assert unsealed(sealer, stored, ROW) == b"JBSWY3DPEHPK3PXP"
    with pytest.raises(NotReady, match="another key"):
        unsealed(sealer, stored, "second_factors urn:santunan:officer:budi")


@pytest.mark.parametrize("at", [len(MARK), len(MARK) + 12, -1])
def test_a_changed_byte_opens_nothing(at: int) -> None:
    stored = bytearray(sealed(Sealer([OLD]), b"secret", ROW))
    stored[at] ^= 1
    with pytest.raises(NotReady):
        unsealed(Sealer([OLD]), bytes(stored), ROW)


def test_a_key_is_replaced_and_what_was_readable_is_still_read() -> None:
    before, both = sealed(Sealer([OLD]), b"secret", ROW), Sealer([NEW, OLD])
    assert unsealed(both, before, ROW) == b"secret" == unsealed(both, b"secret", ROW)
    after = sealed(both, b"secret", ROW)
    assert unsealed(Sealer([NEW]), after, ROW) == b"secret"
    for sealer, message in ((Sealer([OLD]), "another key"), (None, "set SANTUNAN_SECRETS_KEY_FILE")):
        with pytest.raises(NotReady, match=message):
            unsealed(sealer, after, ROW)
    assert sealed(None, b"secret", ROW) == b"secret"
    for cut in (MARK, after[:-20], MARK + b"x"):
        with pytest.raises(NotReady):
            unsealed(both, cut, ROW)
    assert "b" * 8 not in repr(both)
